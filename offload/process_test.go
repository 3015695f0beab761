package offload_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// ended collects terminal events.
func ended(events *[]offload.Event) offload.Option {
	return offload.WithObserver(offload.ObserverFunc(func(_ context.Context, e offload.Event) {
		if e.Kind.Terminal() {
			*events = append(*events, e)
		}
	}))
}

func newProcess(t *testing.T, opts ...offload.Option) *offload.Process {
	t.Helper()
	p, err := offload.NewProcess(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProcessRunsTasksInTheTail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var events []offload.Event
		p := newProcess(t, ended(&events))
		ctx, cancel := context.WithCancel(t.Context())
		ran := false
		tail, err := p.Do(ctx, func(ctx context.Context) error {
			return offload.After(ctx, offload.Func("task", func(ctx context.Context) error {
				ran = true
				return ctx.Err()
			}))
		})
		if err != nil {
			t.Fatal(err)
		}
		cancel() // as net/http does when the handler returns
		synctest.Wait()
		if ran {
			t.Error("the task ran before the tail")
		}
		tail()
		tail()
		if !ran || len(events) != 1 || events[0].Kind != offload.Done || events[0].Strategy != "process" {
			t.Errorf("%v %+v", ran, events)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// On Lambda a second invocation means that the first one's tasks were missed. Here requests overlap.
func TestProcessRequestsOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var events []offload.Event
		p := newProcess(t, ended(&events))
		deferOne := func(ctx context.Context) error {
			return offload.After(ctx, offload.Func("task", func(context.Context) error { return nil }))
		}
		first, _ := p.Do(t.Context(), deferOne)
		<-time.After(time.Hour)
		second, _ := p.Do(t.Context(), deferOne)
		second()
		first()
		for _, e := range events {
			if e.Kind != offload.Done {
				t.Errorf("%v %v", e.Kind, e.Err)
			}
		}
		if len(events) != 2 {
			t.Errorf("%d events", len(events))
		}
	})
}

func TestProcessHandlerFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var events []offload.Event
		p := newProcess(t, ended(&events), offload.Sequential())
		failed := errors.New("failed")
		handler := func(ctx context.Context) error {
			nothing := func(context.Context) error { return nil }
			_ = offload.After(ctx, offload.Func("kept", nothing))
			_ = offload.After(ctx, offload.Func("dropped", nothing), offload.OnlyOnSuccess())
			return failed
		}
		tail, err := p.Do(t.Context(), handler)
		if !errors.Is(err, failed) {
			t.Error(err)
		}
		tail()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is lost")
				}
			}()
			_, _ = p.Do(t.Context(), func(ctx context.Context) error { _ = handler(ctx); panic("boom") })
		}()
		synctest.Wait()
		got := map[string]int{}
		for _, e := range events {
			got[e.Task.Name+" "+e.Kind.String()]++
		}
		if got["kept done"] != 2 || got["dropped dropped"] != 2 || len(events) != 4 {
			t.Errorf("%v", got)
		}
	})
}

// keeperOnly would wait for Lambda.
type keeperOnly struct{}

func (keeperOnly) Name() string { return "keeper-only" }

func (keeperOnly) Open(context.Context, driver.Env) error {
	return errors.New("there is no Lambda here")
}
func (keeperOnly) Keep(driver.Tail) {}

// closingSender takes everything, and wants to be closed.
type closingSender struct {
	messages chan driver.Message
	closed   *bool
}

func (closingSender) Name() string { return "closing" }

func (closingSender) Open(_ context.Context, env driver.Env) error {
	if env.MaxConcurrency < 2 {
		return errors.New("opened as if invocations came one at a time")
	}
	return nil
}
func (closingSender) Limits() driver.Limits { return driver.Limits{MessageBytes: 1 << 20} }

func (s closingSender) Send(_ context.Context, batch []driver.Message) []error {
	for _, m := range batch {
		s.messages <- m
	}
	return nil
}
func (s closingSender) Close() error { *s.closed = true; return nil }

var processFailing = offload.Define("process-test-failing", func(context.Context, int) error { return errors.New("no") }, offload.MaxAttempts(1))

var processSent = offload.Define("process-test-sent", func(context.Context, int) error { return nil })

// Keepers are replaced, senders stay: what cannot run to its end here spills to them as on Lambda.
func TestProcessChain(t *testing.T) {
	t.Parallel()
	closed := false
	sender := closingSender{make(chan driver.Message, 1), &closed}
	p := newProcess(t, offload.WithStrategies(sender))
	tail, err := p.Do(t.Context(), func(ctx context.Context) error {
		if err := offload.After(ctx, offload.Func("closure", func(context.Context) error { return nil })); !errors.Is(err, offload.ErrClosure) {
			t.Errorf("a closure on a chain of senders: %v", err)
		}
		return offload.After(ctx, processSent.With(1))
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := <-sender.messages; m.Task != "process-test-sent" { // before the response
		t.Error(m.Task)
	}
	tail()
	if err := p.Shutdown(t.Context()); err != nil || !closed {
		t.Error(err, closed)
	}

	p = newProcess(t, offload.WithStrategies(keeperOnly{}, sender))
	tail, err = p.Do(t.Context(), func(ctx context.Context) error { return offload.After(ctx, processFailing.With(1)) })
	if err != nil {
		t.Fatal(err)
	}
	tail()
	if m := <-sender.messages; m.Task != "process-test-failing" {
		t.Error(m.Task)
	}
}

func TestProcessShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var events []offload.Event
		closed := false
		p := newProcess(t, ended(&events), offload.WithStrategies(keeperOnly{}, closingSender{closed: &closed}))
		hold := make(chan struct{})
		tail, _ := p.Do(t.Context(), func(ctx context.Context) error {
			return offload.After(ctx, offload.Func("task", func(context.Context) error { <-hold; return nil }))
		})
		go tail()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || !closed {
			t.Error(err, closed)
		}
		if len(events) != 1 || events[0].Kind != offload.Dropped || !errors.Is(events[0].Err, offload.ErrShutdown) {
			t.Errorf("%+v", events)
		}
		close(hold)
	})
}
