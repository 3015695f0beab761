package lambdatest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/go-offload/lambda/lambdatest"
)

// sdk is AWS's client, pointed at the local service, without retries: errors are what is tested.
func sdk(l *lambdatest.Lambda) *lambda.Client {
	return lambda.New(lambda.Options{
		BaseEndpoint: aws.String(l.Endpoint()), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: aws.AnonymousCredentials{},
	})
}

func TestSDKInvoke(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Name: "orders"})
	client := sdk(l)
	for _, name := range []string{
		"orders", "orders:$LATEST", "123456789012:function:orders",
		"arn:aws:lambda:us-east-1:123456789012:function:orders", "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST",
	} {
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{"a":1}`)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if string(out.Payload) != `{"a":1}` || out.StatusCode != http.StatusOK || out.FunctionError != nil || *out.ExecutedVersion != "$LATEST" {
			t.Errorf("%s: %+v", name, out)
		}
	}

	t.Run("function error", func(t *testing.T) {
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String("orders"), Payload: []byte(`{"mode":"error","text":"no stock"}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		if out.StatusCode != http.StatusOK || aws.ToString(out.FunctionError) != "Unhandled" || decode[failure](t, out.Payload).ErrorMessage != "no stock" {
			t.Errorf("%+v", out)
		}
	})
	t.Run("log tail", func(t *testing.T) {
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String("orders"), Payload: []byte(`{"mode":"log","text":"hello"}`), LogType: types.LogTypeTail,
		})
		if err != nil {
			t.Fatal(err)
		}
		log, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(log), "START RequestId: ") {
			t.Errorf("%s", log)
		}
		contains(t, string(log), "\nhello\n", "\nEND RequestId: ", "\nREPORT RequestId: ")
		out, err = client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String("orders"), LogType: types.LogTypeTail,
			Payload: []byte(`{"mode":"log","text":"` + strings.Repeat("long ", 2000) + `"}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		if log, _ = base64.StdEncoding.DecodeString(aws.ToString(out.LogResult)); len(log) != 4096 {
			t.Errorf("%d bytes of log, want the last 4096", len(log))
		}
	})
	t.Run("client context", func(t *testing.T) {
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String("orders"), Payload: []byte(`{"mode":"context"}`),
			ClientContext: aws.String(base64.StdEncoding.EncodeToString([]byte(`{"custom":{"tenant":"blue"}}`))),
		})
		if err != nil {
			t.Fatal(err)
		}
		contains(t, string(out.Payload), "blue")
	})
	t.Run("invoked ARN", func(t *testing.T) {
		const plain = `"InvokedFunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:orders"`
		const qualified = `"InvokedFunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST"`
		for _, tc := range []struct {
			name      string
			qualifier *string
			want      string
		}{{"orders", nil, plain}, {"orders:$LATEST", nil, qualified}, {"orders", aws.String("$LATEST"), qualified}} {
			out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &tc.name, Qualifier: tc.qualifier, Payload: []byte(`{"mode":"context"}`)})
			if err != nil {
				t.Fatal(err)
			}
			contains(t, string(out.Payload), tc.want)
		}
	})
	t.Run("dry run", func(t *testing.T) {
		if err := l.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := len(l.Reports())
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("orders"), InvocationType: types.InvocationTypeDryRun})
		if err != nil || out.StatusCode != http.StatusNoContent || len(l.Reports()) != before {
			t.Errorf("%+v %v", out, err)
		}
	})
}

// What Lambda refuses has the types that SDKs know.
func TestSDKErrors(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Name: "orders", MaxEnvironments: 1})
	client := sdk(l)
	call := func(in *lambda.InvokeInput) error {
		if in.FunctionName == nil {
			in.FunctionName = aws.String("orders")
		}
		_, err := client.Invoke(t.Context(), in)
		return err
	}
	var (
		absent    *types.ResourceNotFoundException
		large     *types.RequestTooLargeException
		content   *types.InvalidRequestContentException
		parameter *types.InvalidParameterValueException
		throttle  *types.TooManyRequestsException
	)
	if err := call(&lambda.InvokeInput{FunctionName: aws.String("other")}); !errors.As(err, &absent) ||
		!strings.Contains(absent.ErrorMessage(), "Function not found: arn:aws:lambda:us-east-1:123456789012:function:other") {
		t.Errorf("unknown function: %v", err)
	}
	if err := call(&lambda.InvokeInput{Qualifier: aws.String("7")}); !errors.As(err, &absent) {
		t.Errorf("unknown version: %v", err)
	}
	if err := call(&lambda.InvokeInput{Payload: make([]byte, lambdatest.MaxPayload+1)}); !errors.As(err, &large) {
		t.Errorf("too large: %v", err)
	}
	if err := call(&lambda.InvokeInput{Payload: []byte("{")}); !errors.As(err, &content) ||
		!strings.Contains(content.ErrorMessage(), "Could not parse request body into json") {
		t.Errorf("not JSON: %v", err)
	}
	if err := call(&lambda.InvokeInput{InvocationType: "Sometimes"}); !errors.As(err, &parameter) {
		t.Errorf("invocation type: %v", err)
	}
	if err := call(&lambda.InvokeInput{ClientContext: aws.String("%")}); !errors.As(err, &parameter) {
		t.Errorf("client context: %v", err)
	}
	if err := call(&lambda.InvokeInput{ClientContext: aws.String(strings.Repeat("A", 3584))}); !errors.As(err, &parameter) {
		t.Errorf("long client context: %v", err)
	}

	started := make(chan struct{})
	cancel := l.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventInvokeStart {
			close(started)
		}
	})
	slow := background(func() (struct{}, error) {
		return struct{}{}, call(&lambda.InvokeInput{Payload: []byte(`{"mode":"sleep","sleep":300}`)})
	})
	<-started
	cancel()
	if err := call(&lambda.InvokeInput{}); !errors.As(err, &throttle) ||
		throttle.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
		t.Errorf("throttle: %v", err)
	}
	slow.wait(t)
}

func TestUnknownOperation(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	res, err := http.Get(l.Endpoint() + "/2015-03-31/functions/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNotFound || res.Header.Get("X-Amzn-Errortype") != "UnknownOperationException" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// A chunked request has no length, and the limit holds all the same.
func TestChunkedRequest(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	post := func(body io.Reader) (int, []byte) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			l.Endpoint()+"/2015-03-31/functions/function/invocations", io.MultiReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, b
	}
	if status, body := post(strings.NewReader(`{"a":1}`)); status != 200 || string(body) != `{"a":1}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := post(bytes.NewReader(make([]byte, lambdatest.MaxPayload+1))); status != 413 {
		t.Errorf("%d %s", status, body)
	}
}

func TestSDKInvokeWithResponseStream(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	client := sdk(l)
	type streamed struct {
		chunks   []string
		complete types.InvokeWithResponseStreamCompleteEvent
	}
	gate := filepath.Join(t.TempDir(), "gate")
	call := func(t *testing.T, payload string, logs types.LogType) streamed {
		t.Helper()
		out, err := client.InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{
			FunctionName: aws.String("function"), Payload: []byte(payload), LogType: logs,
		})
		if err != nil {
			t.Fatal(err)
		}
		stream := out.GetStream()
		defer stream.Close()
		var s streamed
		for e := range stream.Events() {
			switch e := e.(type) {
			case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
				s.chunks = append(s.chunks, string(e.Value.Payload))
				if err := os.WriteFile(gate, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
				s.complete = e.Value
			}
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("chunks as they come", func(t *testing.T) {
		// The function goes on when the first chunk has arrived, and times out if it is held back.
		s := call(t, `{"mode":"stream","text":"one,two,three","file":"`+gate+`"}`, types.LogTypeTail)
		if strings.Join(s.chunks, "") != "onetwothree" || s.complete.ErrorCode != nil {
			t.Fatalf("%+v", s)
		}
		log, _ := base64.StdEncoding.DecodeString(aws.ToString(s.complete.LogResult))
		contains(t, string(log), "REPORT RequestId: ")
	})
	t.Run("error midway", func(t *testing.T) {
		s := call(t, `{"mode":"streamerror"}`, "")
		if strings.Join(s.chunks, "") != "half" || aws.ToString(s.complete.ErrorCode) != "errorString" {
			t.Errorf("%+v %s", s.chunks, aws.ToString(s.complete.ErrorCode))
		}
		contains(t, aws.ToString(s.complete.ErrorDetails), "broke midway")
	})
	t.Run("error before the response", func(t *testing.T) {
		s := call(t, `{"mode":"error","text":"no stock"}`, "")
		if len(s.chunks) != 0 || aws.ToString(s.complete.ErrorCode) != "errorString" {
			t.Errorf("%+v", s)
		}
		contains(t, aws.ToString(s.complete.ErrorDetails), "no stock")
	})
	t.Run("refused", func(t *testing.T) {
		var absent *types.ResourceNotFoundException
		_, err := client.InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("other")})
		if !errors.As(err, &absent) {
			t.Errorf("%v", err)
		}
	})
	t.Run("timeout midway", func(t *testing.T) {
		short := function(t, lambdatest.Function{Timeout: 800 * time.Millisecond})
		client = sdk(short)
		s := call(t, `{"mode":"stream","text":"one,two","sleep":60000}`, "")
		if strings.Join(s.chunks, "") != "one" || aws.ToString(s.complete.ErrorCode) != "Sandbox.Timedout" {
			t.Errorf("%+v", s)
		}
	})
}

// The limit of a stream is 200 MB: the caller gets what fits, and an error.
func TestStreamLimit(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: time.Minute, StreamBandwidth: -1})
	s, err := l.InvokeStream(t.Context(), []byte(`{"mode":"large","size":209715201}`))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, s)
	var f *lambdatest.FunctionError
	if n > lambdatest.MaxStreamedResponse || n < lambdatest.MaxStreamedResponse-(1<<20) || !errors.As(err, &f) || f.Type != "Function.ResponseSizeTooLarge" {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// The response may be larger than a buffered one, and the in-process stream sees it as it comes.
func TestInvokeStream(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: 20 * time.Second})
	s, err := l.InvokeStream(t.Context(), []byte(`{"mode":"large","size":8000000}`))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, s)
	if err != nil || n != 8_000_000 || s.StatusCode != http.StatusOK || s.ContentType != "application/octet-stream" {
		t.Errorf("%d bytes, %v, %+v", n, err, s)
	}

	if s, err = l.InvokeStream(t.Context(), []byte(`{"mode":"streamerror"}`)); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(s)
	var f *lambdatest.FunctionError
	if string(b) != "half" || !errors.As(err, &f) || f.Type != "errorString" || f.RequestID != s.RequestID {
		t.Errorf("%s %v", b, err)
	}
	if _, err = l.InvokeStream(t.Context(), []byte(`{"mode":"error"}`)); !errors.As(err, &f) {
		t.Errorf("%v", err)
	}

	// Giving up does not interrupt the function.
	if s, err = l.InvokeStream(t.Context(), []byte(`{"mode":"stream","text":"one,two,three","sleep":20}`)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	r, err := l.WaitReport(t.Context(), s.RequestID)
	if err != nil || r.Status != "success" || r.Duration < 40*time.Millisecond {
		t.Errorf("%+v %v", r, err)
	}
}
