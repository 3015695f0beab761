package lambdatest_test

import (
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/go-offload/lambda/lambdatest"
)

// A client that does not read holds up the function, whatever way it came: the response is not buffered.
func TestBackpressure(t *testing.T) {
	t.Parallel()
	const event = `{"mode":"large","size":100000000}`
	start := map[string]func(t *testing.T, l *lambdatest.Lambda) (io.Closer, error){
		"in process": func(t *testing.T, l *lambdatest.Lambda) (io.Closer, error) {
			t.Helper()
			return l.InvokeStream(t.Context(), []byte(event))
		},
		"function URL": func(t *testing.T, l *lambdatest.Lambda) (io.Closer, error) {
			t.Helper()
			res, err := http.DefaultClient.Do(newRequest(t, http.MethodGet, l.URL()+"large", ""))
			if err != nil {
				return nil, err
			}
			return res.Body, nil
		},
		"SDK": func(t *testing.T, l *lambdatest.Lambda) (io.Closer, error) {
			t.Helper()
			out, err := sdk(l).InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{
				FunctionName: aws.String("function"), Payload: []byte(event),
			})
			if err != nil {
				return nil, err
			}
			return out.GetStream(), nil
		},
	}
	for name, open := range start {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := function(t, lambdatest.Function{URLMode: lambdatest.ResponseStream, Timeout: 2 * time.Second, StreamBandwidth: -1})
			body, err := open(t, l)
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			eventually(t, "the end of the invocation", func() bool { return len(l.Reports()) == 1 })
			if r := l.Reports()[0]; r.Status != "timeout" {
				t.Errorf("%v: the function got rid of 100 MB that nobody read", r)
			}
		})
	}
}

// Beyond the first 6 MB the function is slowed down, to the point of a timeout.
func TestStreamBandwidth(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: time.Second})
	s, err := l.InvokeStream(t.Context(), []byte(`{"mode":"large","size":12000000}`)) // (12 - 6.3) MB / 2.1 MB/s are 2.7 s
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, s)
	if n < 6<<20 || n > 11_000_000 || err == nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if r, err := l.WaitReport(t.Context(), s.RequestID); err != nil || r.Status != "timeout" {
		t.Errorf("%+v %v", r, err)
	}
}

// A client of the function URL that goes away does not stop the function.
func TestClientGone(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	l := function(t, lambdatest.Function{URLMode: lambdatest.ResponseStream, Timeout: 20 * time.Second})
	res, err := http.DefaultClient.Do(newRequest(t, http.MethodGet, l.URL()+"stream?parts=one,two,three&gate="+gate, ""))
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 3)
	if _, err := io.ReadFull(res.Body, first); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	touch(t, gate)
	eventually(t, "the end of the invocation", func() bool { return len(l.Reports()) == 1 })
	if r := l.Reports()[0]; r.Status != "success" {
		t.Errorf("%+v", r)
	}
}
