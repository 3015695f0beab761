package lambdatest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/go-offload/lambda/lambdatest"
)

func invokeAsync(t *testing.T, l *lambdatest.Lambda, event any) string {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	id, err := l.InvokeAsync(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func waitAsync(t *testing.T, l *lambdatest.Lambda, id string) lambdatest.AsyncResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	res, err := l.WaitAsync(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestSDKInvokeEvent(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Name: "orders", Async: lambdatest.AsyncConfig{Speedup: 1e5}})
	client := sdk(l)
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("orders"), InvocationType: types.InvocationTypeEvent,
		Payload:       []byte(`{"mode":"context"}`),
		ClientContext: aws.String(base64.StdEncoding.EncodeToString([]byte(`{"custom":{"tenant":"blue"}}`))),
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.StatusCode != http.StatusAccepted || len(out.Payload) != 0 || out.FunctionError != nil {
		t.Errorf("%+v", out)
	}
	if err := l.WaitAsyncIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	events := l.Events()
	accepted := slices.IndexFunc(events, func(e lambdatest.Event) bool { return e.Kind == lambdatest.EventAsyncAccepted })
	if accepted < 0 {
		t.Fatalf("%v", events)
	}
	res := waitAsync(t, l, events[accepted].RequestID)
	if res.Condition != lambdatest.AsyncSuccess || res.Attempts != 1 || res.FunctionError != "" || res.DeliveryError != nil {
		t.Errorf("%+v", res)
	}
	contains(t, string(res.Payload), res.RequestID) // as the function saw it
	if strings.Contains(string(res.Payload), "blue") {
		t.Errorf("the client context is for synchronous invocations only: %s", res.Payload)
	}

	t.Run("too large", func(t *testing.T) {
		payload := []byte(`"` + strings.Repeat("x", lambdatest.MaxAsyncPayload-1) + `"`)
		in := &lambda.InvokeInput{FunctionName: aws.String("orders"), InvocationType: types.InvocationTypeEvent, Payload: payload}
		_, err := client.Invoke(t.Context(), in)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "RequestEntityTooLargeException" ||
			api.ErrorMessage() != "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)" {
			t.Errorf("%v", err)
		}
		in.Payload = []byte(`"` + strings.Repeat("x", lambdatest.MaxAsyncPayload-2) + `"`)
		if out, err := client.Invoke(t.Context(), in); err != nil || out.StatusCode != http.StatusAccepted {
			t.Errorf("%+v %v", out, err)
		}
		if _, err = l.InvokeAsync(t.Context(), payload); !errors.Is(err, lambdatest.ErrTooLarge) {
			t.Errorf("%v", err)
		}
	})
	t.Run("not JSON", func(t *testing.T) {
		var content *types.InvalidRequestContentException
		_, err := client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String("orders"), InvocationType: types.InvocationTypeEvent, Payload: []byte("{"),
		})
		if !errors.As(err, &content) {
			t.Errorf("%v", err)
		}
	})
}

// The function's failures are retried twice, under one request id.
func TestAsyncRetries(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		event    command
		config   lambdatest.AsyncConfig
		attempts int
		failure  string
	}{
		"error":    {command{Mode: "error", Text: "no stock"}, lambdatest.AsyncConfig{}, 3, "no stock"},
		"timeout":  {command{Mode: "sleep", Sleep: 60_000}, lambdatest.AsyncConfig{}, 3, "Task timed out after 0.50 seconds"},
		"crash":    {command{Mode: "exit", Size: 3}, lambdatest.AsyncConfig{}, 3, "Runtime exited with error: exit status 3"},
		"late":     {command{Mode: "tail", Sleep: 60_000}, lambdatest.AsyncConfig{MaximumRetryAttempts: new(1)}, 2, "Task timed out"},
		"once":     {command{Mode: "error"}, lambdatest.AsyncConfig{MaximumRetryAttempts: new(0)}, 1, "errorString"},
		"too old":  {command{Mode: "error"}, lambdatest.AsyncConfig{MaximumEventAge: 100 * time.Second}, 2, "errorString"},
		"no retry": {command{Mode: "calls"}, lambdatest.AsyncConfig{}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.config.Speedup = 1e5
			l := function(t, lambdatest.Function{Timeout: 500 * time.Millisecond, Async: tt.config})
			id := invokeAsync(t, l, tt.event)
			res := waitAsync(t, l, id)
			want := lambdatest.AsyncSuccess
			if name == "too old" {
				want = lambdatest.AsyncEventAgeExceeded
			} else if tt.failure != "" {
				want = lambdatest.AsyncRetriesExhausted
			}
			if res.Condition != want || res.Attempts != tt.attempts || (res.FunctionError == "Unhandled") != (tt.failure != "") {
				t.Errorf("%+v %s", res, res.Payload)
			}
			contains(t, string(res.Payload), tt.failure)
			reports := l.Reports()
			if len(reports) != tt.attempts {
				t.Errorf("%d reports", len(reports))
			}
			for _, r := range reports {
				if r.RequestID != id {
					t.Errorf("request id %s, want that of the event, %s", r.RequestID, id)
				}
			}
			var waits []string
			for _, e := range l.Events() {
				if e.Kind == lambdatest.EventAsyncRetry {
					waits = append(waits, strings.SplitN(e.Message, ":", 2)[0])
				}
			}
			if wanted := []string{"in 1m0s", "in 2m0s"}[:len(waits)]; !slices.Equal(waits, wanted) || name == "error" && len(waits) != 2 {
				t.Errorf("waits %q", waits)
			}
		})
	}
}

// waiting waits until the queue has n events that wait for their next attempt, and nothing else.
func waiting(t *testing.T, l *lambdatest.Lambda, n int) {
	t.Helper()
	eventually(t, "events waiting for their next attempt", func() bool {
		return l.AsyncQueue() == lambdatest.AsyncCounts{Waiting: n}
	})
}

// Without a speedup, Advance is what brings the retries on, and each by the minute.
func TestAdvance(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	id := invokeAsync(t, l, command{Mode: "error"})
	attempts := func() int { return len(l.Reports()) }
	waiting(t, l, 1)
	l.Service().Advance(50 * time.Second)
	waiting(t, l, 1)
	if attempts() != 1 {
		t.Fatalf("%d attempts after 50 s", attempts())
	}
	l.Service().Advance(10 * time.Second)
	eventually(t, "the second attempt", func() bool { return attempts() == 2 })
	waiting(t, l, 1)
	l.Service().Advance(119 * time.Second)
	waiting(t, l, 1)
	if attempts() != 2 {
		t.Fatalf("%d attempts after 1 + 1:59 min", attempts())
	}
	l.Service().Advance(time.Second)
	if res := waitAsync(t, l, id); res.Attempts != 3 || res.Condition != lambdatest.AsyncRetriesExhausted {
		t.Errorf("%+v", res)
	}
}

// An event that will be too old for its next retry is given up at once.
func TestAdvanceToMaximumAge(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Async: lambdatest.AsyncConfig{MaximumEventAge: 100 * time.Second}})
	id := invokeAsync(t, l, command{Mode: "error"})
	waiting(t, l, 1)
	l.Service().Advance(time.Minute)
	if res := waitAsync(t, l, id); res.Attempts != 2 || res.Condition != lambdatest.AsyncEventAgeExceeded || res.FunctionError == "" {
		t.Errorf("%+v", res)
	}
}

// An event that is throttled keeps its retries, and is given up when it is too old.
func TestAsyncThrottle(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	l := function(t, lambdatest.Function{MaxEnvironments: 1, Timeout: time.Minute, Async: lambdatest.AsyncConfig{MaximumRetryAttempts: new(0)}})
	busy, err := l.InvokeStream(t.Context(), []byte(`{"mode":"stream","text":"a,b","file":"`+gate+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	busy.Close() // which the function does not notice
	patient := invokeAsync(t, l, command{Mode: "calls"})
	waiting(t, l, 1)
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		before := len(l.Events())
		l.Service().Advance(wait)
		eventually(t, "another attempt", func() bool { return len(l.Events()) > before })
		waiting(t, l, 1)
	}
	touch(t, gate)
	if _, err := l.WaitReport(t.Context(), busy.RequestID); err != nil {
		t.Fatal(err)
	}
	l.Service().Advance(8 * time.Second)
	if res := waitAsync(t, l, patient); res.Condition != lambdatest.AsyncSuccess || res.Attempts != 1 {
		t.Errorf("%+v", res)
	}
	var waits []string
	for _, e := range l.Events() {
		if e.Kind == lambdatest.EventAsyncRetry {
			waits = append(waits, strings.SplitN(e.Message, ":", 2)[0])
		}
	}
	if !slices.Equal(waits, []string{"in 1s", "in 2s", "in 4s", "in 8s"}) {
		t.Errorf("%q", waits)
	}
}

func TestAsyncEventAge(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	l := function(t, lambdatest.Function{MaxEnvironments: 1, Timeout: time.Minute, Async: lambdatest.AsyncConfig{Speedup: 5e4}})
	busy, err := l.InvokeStream(t.Context(), []byte(`{"mode":"stream","text":"a,b","file":"`+gate+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	busy.Close() // which the function does not notice
	id := invokeAsync(t, l, command{Mode: "calls"})
	res := waitAsync(t, l, id) // 6 h of AWS's time
	if res.Condition != lambdatest.AsyncEventAgeExceeded || res.Attempts != 0 || res.Payload != nil || res.FunctionError != "" {
		t.Errorf("%+v", res)
	}
	throttles := 0
	for _, e := range l.Events() {
		if e.Kind == lambdatest.EventAsyncRetry && strings.HasPrefix(e.Message, "in 5m0s") {
			throttles++
		}
	}
	if throttles < 60 || throttles > 72 { // 6 h are 72 times 5 min
		t.Errorf("%d waits of 5 min", throttles)
	}
	touch(t, gate)
}

// More events than environments wait in the queue, and none is throttled.
func TestAsyncBacklog(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{MaxEnvironments: 2})
	for range 100 {
		invokeAsync(t, l, command{Mode: "calls"})
	}
	if err := l.WaitAsyncIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(l.Reports()); n != 100 || len(l.Environments()) > 2 {
		t.Errorf("%d invocations in %d environments", n, len(l.Environments()))
	}
	if slices.Contains(kinds(l), lambdatest.EventAsyncRetry) {
		t.Error("the queue throttled itself")
	}
}

// Close gives up what is queued, and nothing waits for it any longer.
func TestAsyncClose(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{MaxEnvironments: 1, Timeout: time.Minute})
	retried := invokeAsync(t, l, command{Mode: "error"})
	waiting(t, l, 1)
	running := invokeAsync(t, l, command{Mode: "sleep", Sleep: 60_000})
	ready := invokeAsync(t, l, command{Mode: "calls"})
	eventually(t, "one running, one ready", func() bool {
		return l.AsyncQueue() == lambdatest.AsyncCounts{Waiting: 1, Running: 1, Ready: 1}
	})
	l.Close()
	for _, id := range []string{retried, running, ready} {
		if _, err := l.WaitAsync(t.Context(), id); !errors.Is(err, lambdatest.ErrClosed) && !errors.Is(err, lambdatest.ErrNotRecorded) {
			t.Errorf("%v", err)
		}
	}
	if err := l.WaitAsyncIdle(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.Service().WaitAsyncIdle(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := l.InvokeAsync(t.Context(), nil); !errors.Is(err, lambdatest.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// An environment that is lost before the function ran is a failure of the service, not of the function.
func TestAsyncServiceFailure(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	touch(t, flag) // the first init hangs
	l := function(t, lambdatest.Function{
		Env: map[string]string{"INIT": "hang", "FLAG": flag}, Async: lambdatest.AsyncConfig{MaximumRetryAttempts: new(0)},
	})
	id := invokeAsync(t, l, command{Mode: "calls"})
	eventually(t, "the init", func() bool {
		_, err := os.Stat(flag)
		return errors.Is(err, fs.ErrNotExist)
	})
	l.Kill()
	waiting(t, l, 1)
	l.Service().Advance(time.Second)
	if res := waitAsync(t, l, id); res.Condition != lambdatest.AsyncSuccess || res.Attempts != 1 {
		t.Errorf("%+v", res)
	}
}
