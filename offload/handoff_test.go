package offload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

var sent = Define("handoff/task", func(context.Context, string) error { return nil })

// deferringN is a handler that defers n tasks with small inputs.
func deferringN(t testing.TB, n int) handlerFunc {
	t.Helper()
	var tasks []Task
	for i := range n {
		tasks = append(tasks, sent.With(fmt.Sprint(i)))
	}
	return deferring(t, tasks...)
}

var errSend = errors.New("the queue does not answer")

func TestHandOffBeforeTheResponse(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out", limits: driver.Limits{BatchEntries: 10, Concurrency: 2}}
	o, events := open(t, WithStrategies(out))
	ctx, cancel := context.WithTimeout(context.Background(), lambdaTimeout)
	defer cancel()
	r, err := o.invoke(ctx, deferringN(t, 25))
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	ids := map[string]bool{}
	for _, batch := range out.calls() {
		sizes = append(sizes, len(batch))
		for _, m := range batch {
			ids[m.ID] = true
			if m.Task != "handoff/task" || m.Hops != 1 {
				t.Errorf("message: task %q, hops %d", m.Task, m.Hops)
			}
		}
	}
	if len(sizes) != 3 || len(ids) != 25 {
		t.Errorf("before the response: batches of %v with %d tasks; want 3 with 25", sizes, len(ids))
	}
	handed := 0
	for _, e := range events.events("") {
		if e.Kind == HandedOver && e.Strategy == "out" && e.Err == nil {
			handed++
		}
	}
	if handed != 25 {
		t.Errorf("%d HandedOver events, want 25", handed)
	}
	_, _ = io.Copy(io.Discard, r)
	_ = r.Close()
	if n := len(out.calls()); n != 3 {
		t.Errorf("%d calls of Send in all, want 3", n)
	}
}

func TestHandOffAfterTheResponse(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out"}
	o, events := open(t, WithStrategies(out), WithHandOff(HandOffAfter))
	ctx, cancel := context.WithTimeout(context.Background(), lambdaTimeout)
	defer cancel()
	r, err := o.invoke(ctx, deferringN(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, r)
	if n := len(out.calls()); n != 0 {
		t.Errorf("%d calls of Send before Close, want 0", n)
	}
	_ = r.Close()
	if end := events.end(t, "handoff/task"); end.Kind != HandedOver || len(out.calls()) != 1 {
		t.Errorf("end: %v; %d calls of Send", end.Kind, len(out.calls()))
	}
}

// Only what failed is sent again.
func TestHandOffRetriesEntries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &outbound{name: "out", limits: driver.Limits{BatchEntries: 10}, answer: func(_ context.Context, call int, batch []driver.Message) []error {
			errs := make([]error, len(batch))
			switch call {
			case 1:
				errs[1], errs[3] = errSend, errSend
			case 2:
				errs[0] = errSend
			}
			return errs
		}}
		o, events := open(t, WithStrategies(out))
		if _, err := drive(o, deferringN(t, 5)); err != nil {
			t.Errorf("all were sent at last, but: %v", err)
		}
		calls := out.calls()
		if len(calls) != 3 || len(calls[1]) != 2 || len(calls[2]) != 1 {
			t.Fatalf("calls: %d", len(calls))
		}
		if calls[1][0].ID != calls[0][1].ID || calls[1][1].ID != calls[0][3].ID || calls[2][0].ID != calls[0][1].ID {
			t.Error("other messages were sent again than those that failed")
		}
		handed := 0
		for _, e := range events.events("") {
			if e.Kind == HandedOver {
				handed++
			}
		}
		if handed != 5 {
			t.Errorf("%d HandedOver events, want 5", handed)
		}
		for i, wait := range []time.Duration{out.at[1].Sub(out.at[0]), out.at[2].Sub(out.at[1])} {
			if limit := 2 * sendInitialInterval << i; wait > limit+1 {
				t.Errorf("wait %d was %v, want at most %v", i+1, wait, limit)
			}
		}
	})
}

// goexitInSend is what a failed assertion in somebody's test of a strategy does.
func goexitInSend(context.Context, int, []driver.Message) []error {
	runtime.Goexit()
	return nil
}

func TestHandOffThatFailsForGood(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(context.Context, int, []driver.Message) []error
		cause  error
		text   string
	}{
		"permanent": {func(_ context.Context, _ int, batch []driver.Message) []error {
			errs := make([]error, len(batch))
			errs[0] = backoff.Permanent(errSend)
			return errs
		}, errSend, ""},
		"panic":         {func(context.Context, int, []driver.Message) []error { panic("sender") }, nil, "panicked in Send: sender"},
		"wrong results": {func(context.Context, int, []driver.Message) []error { return make([]error, 3) }, nil, "3 results for 2 messages"},
		"goexit":        {goexitInSend, nil, "Goexit in Send"},
		"goexit, FIFO":  {goexitInSend, nil, "Goexit in Send"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &outbound{name: "out", limits: driver.Limits{BatchEntries: 10, Ordered: strings.HasSuffix(name, "FIFO")}, answer: tc.answer}
			o, events := open(t, WithStrategies(out))
			body, err := drive(o, deferringN(t, 2))
			if !errors.Is(err, ErrHandOver) || body != "" {
				t.Errorf("the caller gets %q, %v; want ErrHandOver", body, err)
			}
			if tc.cause != nil && !errors.Is(err, tc.cause) || !strings.Contains(fmt.Sprint(err), tc.text) {
				t.Errorf("the error hides its cause: %v", err)
			}
			if n := len(out.calls()); n != 1 {
				t.Errorf("%d calls of Send, want 1", n)
			}
			ends := events.events("")
			lost := 0
			for _, e := range ends {
				if e.Kind == Dropped && errors.Is(e.Err, ErrHandOver) {
					lost++
				}
			}
			if want := map[bool]int{true: 1, false: 2}[name == "permanent"]; lost != want {
				t.Errorf("%d tasks dropped with ErrHandOver, want %d", lost, want)
			}
		})
	}
}

// A shutdown takes what waits for the hand-off. That does not make the response a success which a failure to send is
// known to contradict; tasks that a keeper had are no part of that promise.
func TestHandOffDuringAShutdown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		chain func(*outbound) []driver.Strategy
		fails error
		want  error
	}{
		"sent":          {func(out *outbound) []driver.Strategy { return []driver.Strategy{out} }, nil, nil},
		"refused":       {func(out *outbound) []driver.Strategy { return []driver.Strategy{out} }, errSend, ErrHandOver},
		"no place left": {func(out *outbound) []driver.Strategy { return []driver.Strategy{out, inline{}} }, errSend, ErrHandOver},
		"given up":      {func(out *outbound) []driver.Strategy { return []driver.Strategy{inline{}, out} }, errSend, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sending := make(chan struct{})
				out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
					close(sending)
					<-time.After(time.Millisecond)
					if tc.fails == nil {
						return nil
					}
					return []error{backoff.Permanent(tc.fails)}
				}}
				o, events := open(t, WithStrategies(tc.chain(out)...))
				_, err := drive(o, func(ctx context.Context) (any, error) {
					if err := After(ctx, sent.With("a")); err != nil {
						t.Error(err)
					}
					go scopeOf(ctx).abandon(ErrShutdown)
					<-sending
					return nil, nil
				})
				if !errors.Is(err, tc.want) {
					t.Errorf("the caller gets %v, want %v", err, tc.want)
				}
				if end := events.end(t, "handoff/task"); (end.Kind == Dropped) != (tc.fails != nil) {
					t.Errorf("end: %v, %v", end.Kind, end.Err)
				}
			})
		})
	}
}

// The error is a response and a log line; what became of each task is in its event.
func TestHandOverErrorIsShort(t *testing.T) {
	t.Parallel()
	for n, more := range map[int]string{9: "", 10: "", 11: "and 1 more", 5000: "and 4990 more"} {
		out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
			return []error{backoff.Permanent(errSend)}
		}}
		o, events := open(t, WithStrategies(out))
		_, err := drive(o, deferringN(t, n))
		text := fmt.Sprint(err)
		if !errors.Is(err, errSend) || len(text) > 2000 || strings.Count(text, errSend.Error()) != min(n, 10) || !strings.HasSuffix(text, more) {
			t.Errorf("%d tasks: %v", n, err)
		}
		if got := len(events.events("handoff/task")); got != 2*n {
			t.Errorf("%d tasks: %d events", n, got)
		}
	}
}

// A sender that never answers well is given up in time for the response.
func TestHandOffGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &outbound{name: "out", answer: func(_ context.Context, _ int, batch []driver.Message) []error {
			return []error{errSend}
		}}
		o, events := open(t, WithStrategies(out))
		start := time.Now()
		_, err := drive(o, deferringN(t, 1))
		if !errors.Is(err, ErrHandOver) || !errors.Is(err, errSend) {
			t.Errorf("the caller gets %v, want ErrHandOver", err)
		}
		if took := time.Since(start); took > lambdaTimeout-DefaultMargin || len(out.calls()) < 4 {
			t.Errorf("gave up after %v and %d calls", took, len(out.calls()))
		}
		if end := events.end(t, "handoff/task"); end.Kind != Dropped || !errors.Is(end.Err, errSend) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
	})
}

// A Send that waits is cancelled at the deadline less the margin.
func TestHandOffContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out := &outbound{name: "out", answer: func(ctx context.Context, _ int, batch []driver.Message) []error {
			<-ctx.Done()
			return []error{ctx.Err()}
		}}
		o, _ := open(t, WithStrategies(out))
		if _, err := drive(o, deferringN(t, 1)); !errors.Is(err, ErrHandOver) {
			t.Errorf("the caller gets %v, want ErrHandOver", err)
		}
		if took := time.Since(start); took != lambdaTimeout-DefaultMargin {
			t.Errorf("Send ended after %v, want %v", took, lambdaTimeout-DefaultMargin)
		}
	})
}

// No more Sends are in flight than the sender takes.
func TestHandOffConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out := &outbound{name: "out", limits: driver.Limits{Concurrency: 3}, answer: func(ctx context.Context, _ int, _ []driver.Message) []error {
			wait(ctx, time.Second)
			return nil
		}}
		o, _ := open(t, WithStrategies(out))
		_, _ = drive(o, deferringN(t, 7))
		if took := time.Since(start); took != 3*time.Second || len(out.calls()) != 7 {
			t.Errorf("7 calls of 1 s, 3 at once: %d calls took %v", len(out.calls()), took)
		}
	})
}

// With HandOffAfter nobody waits for the error; it is in the event.
func TestHandOffAfterFailureIsInTheEvent(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
		return []error{backoff.Permanent(errSend)}
	}}
	o, events := open(t, WithStrategies(out), WithHandOff(HandOffAfter))
	if body, err := drive(o, deferringN(t, 1)); err != nil || body != `"ok"` {
		t.Errorf("response %q, %v", body, err)
	}
	if end := events.end(t, "handoff/task"); end.Kind != Dropped || !errors.Is(end.Err, ErrHandOver) || !errors.Is(end.Err, errSend) {
		t.Errorf("end: %v, %v", end.Kind, end.Err)
	}
}

// The handler's error is the one that is reported, and its tasks are sent all the same.
func TestHandOffOfFailedHandler(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out"}
	o, events := open(t, WithStrategies(out))
	_, err := drive(o, func(ctx context.Context) (any, error) {
		_ = After(ctx, sent.With("always"))
		_ = After(ctx, sent.With("success"), OnlyOnSuccess())
		return nil, errTask
	})
	if !errors.Is(err, errTask) {
		t.Errorf("the caller gets %v", err)
	}
	var kinds []string
	for _, e := range events.events("") {
		if e.Kind.Terminal() {
			kinds = append(kinds, e.Kind.String())
		}
	}
	if fmt.Sprint(kinds) != "[dropped handed over]" || len(out.calls()) != 1 {
		t.Errorf("ends: %v; %d calls of Send", kinds, len(out.calls()))
	}
}

func TestMessageCarriesOptions(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out", limits: driver.Limits{MaxDelay: time.Minute}}
	o, _ := open(t, WithStrategies(out), WithBaseContext(context.WithValue(context.Background(), "x-amzn-trace-id", "Root=1"))) //nolint:staticcheck // the key that aws-lambda-go uses
	_, err := drive(o, func(ctx context.Context) (any, error) {
		return nil, After(ctx, sent.With("in"), ID("id-1"), Group("group-1"), Deduplication("key-1"), Delay(5*time.Minute))
	})
	if err != nil {
		t.Fatal(err)
	}
	m := out.calls()[0][0]
	if m.ID != "id-1" || m.Group != "group-1" || m.Deduplication != "key-1" || m.Delay != time.Minute || m.TraceHeader != "Root=1" {
		t.Errorf("message: %+v", m)
	}
	envelope, err := driver.Decode(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	if envelope.ID != "id-1" || envelope.Task != "handoff/task" || string(envelope.Data) != `"in"` || envelope.Hops != 1 || envelope.NotBefore.IsZero() {
		t.Errorf("envelope: %+v", envelope)
	}
}
