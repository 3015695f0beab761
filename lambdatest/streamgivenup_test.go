package lambdatest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/go-offload/lambda/lambdatest"
)

// Who goes away before the response begins does not hold up the function either: nobody is there to read it, and it is
// thrown away.
func TestStreamGivenUpBeforeItBegins(t *testing.T) {
	t.Parallel()
	const event = `{"rawPath":"/sleep"}`
	for name, call := range map[string]func(ctx context.Context, l *lambdatest.Lambda, gateway string) error{
		"in process": func(ctx context.Context, l *lambdatest.Lambda, _ string) error {
			_, err := l.InvokeStream(ctx, []byte(event))
			return err
		},
		"SDK": func(ctx context.Context, l *lambdatest.Lambda, _ string) error {
			_, err := sdk(l).InvokeWithResponseStream(ctx, &lambda.InvokeWithResponseStreamInput{
				FunctionName: aws.String("function"), Payload: []byte(event),
			})
			return err
		},
		"function URL": func(ctx context.Context, l *lambdatest.Lambda, _ string) error { return visit(ctx, l.URL()+"sleep") },
		"gateway": func(ctx context.Context, _ *lambdatest.Lambda, gateway string) error {
			return visit(ctx, gateway+"sleep")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/web", URLMode: lambdatest.ResponseStream, Timeout: 5 * time.Second})
			rest := gateway(t, l, lambdatest.Gateway{Stream: true})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			defer l.Subscribe(func(e lambdatest.Event) {
				if e.Kind == lambdatest.EventInvokeStart {
					cancel()
				}
			})()
			if err := call(ctx, l, rest.URL()); err == nil {
				t.Fatal("the caller was answered before it gave up")
			}
			eventually(t, "the end of the invocation", func() bool { return len(l.Reports()) == 1 })
			if r := l.Reports()[0]; r.Status != "success" {
				t.Errorf("%v", r)
			}
		})
	}
}

func visit(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err == nil {
		err = res.Body.Close()
	}
	return err
}

// A caller whose context ends while the function holds its prelude back is released.
func TestStreamGivenUpInItsPrelude(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	caller := background(func() (*lambdatest.Stream, error) { return p.InvokeStream(ctx, nil) })
	p.base = <-p.api
	id := p.next().wait(t).header.Get(requestID)
	body, upload := io.Pipe()
	sent := background(func() (answer, error) {
		return p.do(t.Context(), http.MethodPost, response(id), body, "Content-Type", "application/vnd.awslambda.http-integration-response")
	})
	if _, err := upload.Write([]byte(`{"statusCode":`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the caller reads the prelude", func() bool {
		var stacks bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		return strings.Contains(stacks.String(), "/lambdatest.readPrelude")
	})
	cancel()
	<-caller.done
	if !errors.Is(caller.err, context.Canceled) {
		t.Errorf("%v, want the context's error", caller.err)
	}
	upload.Close()
	if a := sent.wait(t); a.status != http.StatusAccepted {
		t.Errorf("%d %s: the function must not learn of it", a.status, a.body)
	}
}
