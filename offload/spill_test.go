package offload

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

var (
	spillFails = Define("spill/fails", func(context.Context, string) error { return errTask }, MaxAttempts(2))
	spillPanic = Define("spill/panics", func(context.Context, string) error { panic("boom") })
	spillWaits = Define("spill/waits", func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() })
)

// What the keeper cannot finish goes to the sender behind it, with the attempts made.
func TestSpill(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		task     Task
		opts     []AfterOption
		shutdown bool
		attempts int
		reason   error
	}{
		"failure":  {spillFails.With("in"), nil, false, 2, errTask},
		"deadline": {spillWaits.With("in"), nil, false, 1, ErrDeadline},
		"shutdown": {spillWaits.With("in"), nil, true, 1, ErrShutdown},
		"delay":    {spillFails.With("in"), []AfterOption{Delay(time.Second)}, false, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := &outbound{name: "out", limits: driver.Limits{MaxDelay: time.Minute}}
				o, events := open(t, WithStrategies(inline{}, out))
				if tc.shutdown {
					go func() {
						<-time.After(time.Second)
						o.shutdown()
					}()
				}
				body, err := drive(o, func(ctx context.Context) (any, error) {
					return "ok", After(ctx, tc.task, tc.opts...)
				})
				if err != nil || body != `"ok"` {
					t.Errorf("response %q, %v", body, err)
				}
				end := events.end(t, tc.task.Name())
				if end.Kind != HandedOver || end.Strategy != "out" || !errors.Is(end.Err, tc.reason) || end.Task.Attempt != tc.attempts {
					t.Errorf("end: %v at %q, attempt %d, %v", end.Kind, end.Strategy, end.Task.Attempt, end.Err)
				}
				if len(out.calls()) != 1 {
					t.Fatalf("%d calls of Send, want 1", len(out.calls()))
				}
				envelope, err := driver.Decode(out.calls()[0][0].Body)
				if err != nil || envelope.Attempt != tc.attempts || envelope.ID != end.Task.ID || string(envelope.Data) != `"in"` {
					t.Errorf("envelope: %+v, %v", envelope, err)
				}
			})
		})
	}
}

func TestPanicSpills(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out"}
	o, events := open(t, WithStrategies(inline{}, out))
	_, _ = drive(o, deferring(t, spillPanic.With("in")))
	var panicked *PanicError
	if end := events.end(t, "spill/panics"); end.Kind != HandedOver || !errors.As(end.Err, &panicked) || end.Task.Attempt != 1 {
		t.Errorf("end: %v, attempt %d, %v", end.Kind, end.Task.Attempt, end.Err)
	}
}

// A task that ignores its context goes to the sender too, while it still hangs here.
func TestGivenUpTaskSpills(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &outbound{name: "out"}
		o, events := open(t, WithStrategies(inline{}, out))
		release := make(chan struct{})
		var over sync.WaitGroup
		over.Go(func() {
			_, _ = drive(o, func(ctx context.Context) (any, error) {
				return nil, After(context.WithValue(ctx, contextKey("release"), release), spillDeaf.With("in"))
			})
		})
		<-time.After(lambdaTimeout)
		if end := events.end(t, "spill/deaf"); end.Kind != HandedOver || !errors.Is(end.Err, ErrDeadline) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
		close(release)
		over.Wait()
		events.end(t, "spill/deaf") // still one
	})
}

var spillDeaf = Define("spill/deaf", func(ctx context.Context, _ string) error {
	<-ctx.Value(contextKey("release")).(chan struct{})
	return nil
})

// A closure cannot leave, so it fails where a defined task would spill.
func TestClosureDoesNotSpill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &outbound{name: "out"}
		o, events := open(t, WithStrategies(inline{}, out))
		_, _ = drive(o, deferring(t, Func("closure", func(context.Context) error { return errTask })))
		if end := events.end(t, "closure"); end.Kind != Failed || !errors.Is(end.Err, errTask) || len(out.calls()) != 0 {
			t.Errorf("end: %v, %v; %d calls of Send", end.Kind, end.Err, len(out.calls()))
		}
	})
}

// A sender in front that does not take a task leaves it to the keeper.
func TestKeeperBehindSender(t *testing.T) {
	t.Parallel()
	for _, when := range []HandOff{HandOffBefore, HandOffAfter} {
		out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
			return []error{backoff.Permanent(errSend)}
		}}
		o, events := open(t, WithStrategies(out, inline{}), WithHandOff(when))
		if body, err := drive(o, deferringN(t, 1)); err != nil || body != `"ok"` {
			t.Errorf("response %q, %v; the keeper had the task", body, err)
		}
		if end := events.end(t, "handoff/task"); end.Kind != Done || end.Strategy != "inline" {
			t.Errorf("end: %v at %q, %v", end.Kind, end.Strategy, end.Err)
		}
	}
}

// A closure passes the sender by.
func TestClosureTakesTheKeeper(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out"}
	o, events := open(t, WithStrategies(out, inline{}))
	_, _ = drive(o, deferring(t, Func("closure", nothing)))
	if end := events.end(t, "closure"); end.Kind != Done || end.Strategy != "inline" || len(out.calls()) != 0 {
		t.Errorf("end: %v at %q", end.Kind, end.Strategy)
	}
}

// With another link behind it, a sender is not tried for as long.
func TestSenderWithAnotherBehindGivesUpSooner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refuse := func(context.Context, int, []driver.Message) []error { return []error{errSend} }
		first, second := &outbound{name: "first", answer: refuse}, &outbound{name: "second"}
		o, events := open(t, WithStrategies(first, second))
		if _, err := drive(o, deferringN(t, 1)); err != nil {
			t.Errorf("the caller gets %v", err)
		}
		if n := len(first.calls()); n != sendAttempts {
			t.Errorf("%d calls of Send, want %d", n, sendAttempts)
		}
		if end := events.end(t, "handoff/task"); end.Kind != HandedOver || end.Strategy != "second" || !errors.Is(end.Err, errSend) {
			t.Errorf("end: %v at %q, %v", end.Kind, end.Strategy, end.Err)
		}
	})
}

// What comes to the keeper late, because a sender refused it in the tail, is given up at the deadline too.
func TestKeeperBehindSenderGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
			return []error{backoff.Permanent(errSend)}
		}}
		o, events := open(t, WithStrategies(out, inline{}), WithHandOff(HandOffAfter))
		release := make(chan struct{})
		time.AfterFunc(2*lambdaTimeout, func() { close(release) })
		start := time.Now()
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, After(context.WithValue(ctx, contextKey("release"), release), spillDeaf.With("in"))
		})
		if end := events.end(t, "spill/deaf"); end.Kind != Dropped || !errors.Is(end.Err, ErrDeadline) || time.Since(start) > lambdaTimeout {
			t.Errorf("end: %v, %v after %v; want dropped before the deadline", end.Kind, end.Err, time.Since(start))
		}
		<-release
	})
}
