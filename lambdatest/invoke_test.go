package lambdatest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

func TestInvoke(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Name: "orders", Env: map[string]string{"STAGE": "test"}})

	t.Run("echo", func(t *testing.T) {
		res := succeed(t, l, map[string]int{"a": 1})
		if string(res.Payload) != `{"a":1}` || res.ExecutedVersion != "$LATEST" || res.RequestID == "" || res.EnvironmentID == "" {
			t.Errorf("%+v", res)
		}
	})
	t.Run("no payload", func(t *testing.T) {
		res, err := l.Invoke(t.Context(), nil)
		if err != nil || string(res.Payload) != "{}" {
			t.Errorf("%v %v, want {}", res, err)
		}
	})
	t.Run("error", func(t *testing.T) {
		res := invoke(t, l, command{Mode: "error", Text: "no stock"})
		if f := failed(t, res); f != (failure{"no stock", "errorString"}) {
			t.Errorf("%+v", f)
		}
		if r := report(t, l, res); r.Status != "error" || r.ErrorType != "errorString" || strings.Contains(r.String(), "Status") {
			t.Errorf("%+v", r)
		}
	})
	t.Run("environment", func(t *testing.T) {
		env := decode[[]string](t, succeed(t, l, command{Mode: "env"}).Payload)
		for _, want := range []string{
			"AWS_LAMBDA_FUNCTION_NAME=orders", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
			"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/orders", "AWS_REGION=us-east-1",
			"_HANDLER=bootstrap", "STAGE=test", "TZ=:UTC", "AWS_ENDPOINT_URL_LAMBDA=" + l.Endpoint(),
		} {
			if !slices.Contains(env, want) {
				t.Errorf("no %s in %q", want, env)
			}
		}
		for _, v := range env {
			for _, unwanted := range []string{"_X_AMZN_TRACE_ID=", "AWS_EXECUTION_ENV=", "AWS_LAMBDA_MAX_CONCURRENCY=", "HOME="} {
				// aws-lambda-go sets the first one itself, from the event.
				if strings.HasPrefix(v, unwanted) && unwanted != "_X_AMZN_TRACE_ID=" {
					t.Errorf("%s is set", v)
				}
			}
		}
	})
	t.Run("context", func(t *testing.T) {
		before := time.Now()
		res := succeed(t, l, command{Mode: "context"})
		got := decode[struct {
			Context struct {
				AwsRequestID, InvokedFunctionArn string
			}
			Deadline time.Time
			Trace    string
		}](t, res.Payload)
		if got.Context.AwsRequestID != res.RequestID || got.Context.InvokedFunctionArn != l.ARN() {
			t.Errorf("%+v", got)
		}
		if d := got.Deadline.Sub(before); d < 2900*time.Millisecond || d > 20*time.Second {
			t.Errorf("deadline in %v, want about 3 s", d)
		}
		contains(t, got.Trace, "Root=1-", ";Parent=", ";Sampled=0")
	})
	t.Run("log", func(t *testing.T) {
		res := succeed(t, l, command{Mode: "log", Text: "hello"})
		contains(t, res.LogTail, "START RequestId: "+res.RequestID+" Version: $LATEST\n", "hello\nhello on stderr\n")
		report(t, l, res)
		_, text, _ := strings.Cut(l.LogText(), "START RequestId: "+res.RequestID)
		if want := "hello on stderr\nEND RequestId: " + res.RequestID + "\nREPORT RequestId: "; !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
		for _, line := range l.Logs() {
			if line.Text == "hello" && (line.RequestID != res.RequestID || line.Platform || line.EnvironmentID != res.EnvironmentID) {
				t.Errorf("%+v", line)
			}
		}
	})
	t.Run("not JSON", func(t *testing.T) {
		_, err := l.Invoke(t.Context(), []byte(`{"a":`))
		api := (*lambdatest.APIError)(nil)
		if !errors.Is(err, lambdatest.ErrInvalidPayload) || !errors.As(err, &api) || api.StatusCode != http.StatusBadRequest || api.Code != "InvalidRequestContentException" {
			t.Errorf("%v", err)
		}
	})
	if got := len(l.Environments()); got != 1 {
		t.Errorf("%d environments for sequential calls, want 1", got)
	}
}

func TestSizeLimits(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: 20 * time.Second})
	text := func(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }

	res, err := l.Invoke(t.Context(), text(lambdatest.MaxPayload))
	if err != nil || res.FunctionError != "" || len(res.Payload) != lambdatest.MaxPayload {
		t.Fatalf("6 MB: %v, %s", err, res.FunctionError)
	}
	if _, err = l.Invoke(t.Context(), text(lambdatest.MaxPayload+1)); !errors.Is(err, lambdatest.ErrTooLarge) {
		t.Errorf("6 MB and a byte: %v", err)
	}

	if res = succeed(t, l, command{Mode: "large", Size: lambdatest.MaxResponse}); len(res.Payload) != lambdatest.MaxResponse {
		t.Errorf("largest response has %d bytes", len(res.Payload))
	}
	res = invoke(t, l, command{Mode: "large", Size: lambdatest.MaxResponse + 1})
	want := failure{
		"Response payload size exceeded maximum allowed payload size (6291556 bytes).",
		"Function.ResponseSizeTooLarge",
	}
	if f := failed(t, res); f != want {
		t.Errorf("%+v", f)
	}
	// aws-lambda-go ends when its response is refused.
	if r := report(t, l, res); r.ErrorType != "Runtime.ExitError" {
		t.Errorf("%+v", r)
	}
	contains(t, l.LogText(), "unexpected status code: 413")
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan string, 1)
	stop := l.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventInvokeStart {
			started <- e.RequestID
			cancel()
		}
	})
	defer stop()
	_, err := l.Invoke(ctx, []byte(`{"mode":"sleep","sleep":50}`))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
	r, err := l.WaitReport(t.Context(), <-started)
	if err != nil || r.Status != "success" || r.Duration < 50*time.Millisecond {
		t.Errorf("%+v %v: the function must not be interrupted", r, err)
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	var mu sync.Mutex
	var seen []lambdatest.EventKind
	reported := make(chan struct{})
	cancel := l.Subscribe(func(e lambdatest.Event) {
		mu.Lock()
		seen = append(seen, e.Kind)
		mu.Unlock()
		if e.Kind == lambdatest.EventReport {
			if e.Report == nil || e.Report.RequestID != e.RequestID {
				t.Errorf("report event without its report: %+v", e)
			}
			l.Environments() // calling back must not lock up
			close(reported)
		}
	})
	succeed(t, l, command{Mode: "calls"})
	<-reported
	cancel()
	succeed(t, l, command{Mode: "calls"}) // would close the channel again
	mu.Lock()
	defer mu.Unlock()
	if !slices.Contains(seen, lambdatest.EventLog) || seen[0] != lambdatest.EventInitStart {
		t.Errorf("%v", seen)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	l := function(t, lambdatest.Function{Output: &out})
	res := succeed(t, l, command{Mode: "log", Text: "printed"})
	report(t, l, res)
	contains(t, out.String(), "START RequestId: ", "\nprinted\n", "\nEND RequestId: ", "\nREPORT RequestId: ")
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestDeployErrors(t *testing.T) {
	t.Parallel()
	s, err := lambdatest.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, tc := range []struct {
		name string
		fn   lambdatest.Function
		want string
	}{
		{"nothing to run", lambdatest.Function{}, "exactly one of"},
		{"both", lambdatest.Function{Package: "./testdata/echo", Command: []string{"true"}}, "exactly one of"},
		{"name", lambdatest.Function{Name: "a b", Command: []string{"true"}}, "a b"},
		{"no program", lambdatest.Function{Command: []string{"./testdata/absent"}}, "testdata/absent"},
		{"not executable", lambdatest.Function{Command: []string{"./main_test.go"}}, "chmod +x"},
		{"program of this directory", lambdatest.Function{Command: []string{"main.go"}, Dir: "testdata/echo"}, "is ./main.go"},
		{"directory", lambdatest.Function{Command: []string{"true"}, Dir: "testdata/absent"}, "there is no directory"},
		{"no extension", lambdatest.Function{Command: []string{"true"}, Extensions: [][]string{{"absent-extension"}}}, "absent-extension"},
		{"timeout", lambdatest.Function{Command: []string{"true"}, Timeout: time.Hour}, "Timeout is 3600000 ms, want 1 to 900000 ms"},
		{"memory", lambdatest.Function{Command: []string{"true"}, MemorySize: 64}, "MemorySize is 64 MB"},
		{"environment", lambdatest.Function{Command: []string{"true"}, Env: map[string]string{"A=B": ""}}, "A=B"},
		{"package", lambdatest.Function{Package: "./testdata/absent"}, "absent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := s.Deploy(t.Context(), tc.fn)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want something with %q", err, tc.want)
			}
		})
	}
	t.Run("compiler output", func(t *testing.T) {
		_, err := s.Deploy(t.Context(), lambdatest.Function{Dir: "testdata/broken", Package: "."})
		if !errors.Is(err, lambdatest.ErrBuild) || !strings.Contains(err.Error(), "undefined: missing") {
			t.Errorf("%v", err)
		}
	})
	t.Run("name taken", func(t *testing.T) {
		fn := lambdatest.Function{Name: "twice", Command: []string{"true"}}
		l, err := s.Deploy(t.Context(), fn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Deploy(t.Context(), fn); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("%v", err)
		}
		l.Close()
		if l, err = s.Deploy(t.Context(), fn); err != nil {
			t.Fatalf("after Close: %v", err)
		}
		l.Close()
	})
}

// recorder stands in for *testing.T.
type recorder struct {
	failed   bool
	fatal    string
	logged   string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Failed() bool     { return r.failed }
func (r *recorder) Logf(format string, a ...any) {
	r.logged += strings.TrimSpace(format) + string(mustMarshal(a))
}

func (r *recorder) Fatalf(format string, a ...any) {
	r.failed, r.fatal = true, format+string(mustMarshal(a))
}

func (r *recorder) clean() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}

func mustMarshal(a []any) []byte {
	for i, v := range a {
		if err, ok := v.(error); ok {
			a[i] = err.Error()
		}
	}
	b, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	return b
}

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("log of a failed test", func(t *testing.T) {
		tb := &recorder{}
		l := lambdatest.Start(tb, lambdatest.Function{Package: "./testdata/function"})
		succeed(t, l, command{Mode: "log", Text: "what happened"})
		tb.failed = true
		tb.clean()
		contains(t, tb.logged, "what happened")
		if _, err := l.Invoke(t.Context(), nil); !errors.Is(err, lambdatest.ErrClosed) {
			t.Errorf("after the test: %v", err)
		}
	})
	t.Run("failure", func(t *testing.T) {
		tb := &recorder{}
		if l := lambdatest.Start(tb, lambdatest.Function{}); l != nil {
			t.Error("a Lambda without a program")
		}
		contains(t, tb.fatal, "exactly one of")
		tb.clean()
	})
}
