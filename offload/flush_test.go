package offload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// sequence notes what happened in which order.
type sequence struct {
	mu    sync.Mutex
	steps []string
}

func (s *sequence) note(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
}

func (s *sequence) Observe(_ context.Context, e Event) { s.note(e.Kind.String()) }

func (s *sequence) Flush(context.Context) error { s.note("flush"); return nil }

func (s *sequence) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	steps := s.steps
	s.steps = nil
	return steps
}

func (s *sequence) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := s.take(); !slices.Equal(got, want) {
		t.Errorf("steps %q, want %q", got, want)
	}
}

func TestFlushIsLast(t *testing.T) {
	t.Parallel()
	steps := &sequence{}
	o, _ := open(t, WithTelemetry(steps), Sequential())
	nested := Func("outer", func(ctx context.Context) error { return After(ctx, Func("inner", nothing)) })
	if _, err := drive(o, deferring(t, nested)); err != nil {
		t.Fatal(err)
	}
	steps.expect(t, "accepted", "started", "accepted", "done", "started", "done", "flush")

	if _, err := drive(o, deferring(t)); err != nil {
		t.Fatal(err)
	}
	steps.expect(t, "flush") // the handler's own spans wait for it too

	if _, err := drive(o, failing); !errors.Is(err, errTask) {
		t.Fatal(err)
	}
	steps.expect(t, "accepted", "started", "done", "flush")
}

func TestFlushAfterAPanic(t *testing.T) {
	t.Parallel()
	steps := &sequence{}
	o, _ := open(t, WithTelemetry(steps))
	func() {
		defer func() { _ = recover() }()
		_, _ = drive(o, func(context.Context) (any, error) { panic("handler") })
	}()
	steps.expect(t, "flush")
}

// The error is with the caller before anything is flushed.
func TestFlushOfAFailureFollowsTheReport(t *testing.T) {
	t.Parallel()
	steps := &sequence{}
	o, _ := open(t, WithTelemetry(steps))
	o.hook = newCancelHook(o.opts.base(), nil)
	ctx, cancel := context.WithDeadline(o.hook, time.Now().Add(time.Hour))
	defer cancel()
	if _, err := o.invoke(ctx, func(context.Context) (any, error) { return nil, errTask }); !errors.Is(err, errTask) {
		t.Fatal(err)
	}
	steps.expect(t)
	cancel() // aws-lambda-go has reported
	steps.expect(t, "flush")
}

// No task is accepted once the flush has begun: its span would not be exported.
func TestNothingIsAcceptedDuringAFlush(t *testing.T) {
	t.Parallel()
	var scope context.Context
	var late error
	o, _ := open(t, WithFlush(func(context.Context) error {
		late = After(scope, Func("late", nothing))
		return nil
	}))
	if _, err := drive(o, func(ctx context.Context) (any, error) { scope = ctx; return nil, nil }); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(late, ErrClosed) {
		t.Errorf("After during the flush: %v", late)
	}
}

func TestFlushContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct{ timeout, want time.Duration }{
			"near the deadline": {time.Second, time.Second - 100*time.Millisecond/4},
			"far from it":       {time.Minute, MaxFlushTime},
			"none":              {0, MaxFlushTime},
		} {
			var left time.Duration
			var id string
			o, _ := open(t, WithFlush(func(ctx context.Context) error {
				deadline, _ := ctx.Deadline()
				left = time.Until(deadline)
				if lc, ok := lambdacontext.FromContext(ctx); ok {
					id = lc.AwsRequestID
				}
				return ctx.Err()
			}))
			ctx, cancel := context.WithCancel(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: name}))
			if c.timeout > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.timeout)
			}
			r, err := o.invoke(ctx, deferring(t))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			cancel()
			if left != c.want || id != name {
				t.Errorf("%s: %v left, of request %q; want %v", name, left, id, c.want)
			}
		}
	})
}

// A tail that ends at its deadline, because a task ignores its context, is flushed in what is left.
func TestFlushAtTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		steps := &sequence{}
		o, _ := open(t, WithTelemetry(steps))
		release := make(chan struct{})
		begin := time.Now()
		if _, err := drive(o, deferring(t, Func("deaf", func(context.Context) error { <-release; return nil }))); err != nil {
			t.Fatal(err)
		}
		steps.expect(t, "accepted", "started", "dropped", "flush")
		if took := time.Since(begin); took >= lambdaTimeout {
			t.Errorf("the tail took %v of %v", took, lambdaTimeout)
		}
		close(release)
	})
}

func TestFlushThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		release := make(chan struct{})
		var calls atomic.Int32
		o, _ := open(t, WithLogger(slog.New(slog.NewTextHandler(&log, nil))), WithFlush(func(context.Context) error {
			calls.Add(1)
			<-release
			return nil
		}))
		for range 3 {
			begin := time.Now()
			if _, err := drive(o, deferring(t)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took != MaxFlushTime {
				t.Errorf("the invocation was held for %v", took)
			}
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("called %d times while the first call hangs", n)
		}
		for text, n := range map[string]int{"did not return in time": 1, "still runs since an earlier invocation": 2} {
			if got := strings.Count(log.String(), text); got != n {
				t.Errorf("%q is in the log %d times, want %d:\n%s", text, got, n, log.String())
			}
		}
		close(release)
		synctest.Wait()
		if _, err := drive(o, deferring(t)); err != nil || calls.Load() != 2 {
			t.Errorf("after the first call has returned: %d calls, %v", calls.Load(), err)
		}
	})
}

func TestFlushThatFails(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(context.Context) error{
		"collector is down":     func(context.Context) error { return errors.New("collector is down") },
		"panicked: flush":       func(context.Context) error { panic("flush") },
		"runtime.Goexit":        func(context.Context) error { runtime.Goexit(); return nil },
		"flushing failed at th": func(context.Context) error { return errTask },
	} {
		var log strings.Builder
		steps := &sequence{}
		o, _ := open(t, WithLogger(slog.New(slog.NewTextHandler(&log, nil))), WithFlush(f), WithFlush(steps.Flush))
		if out, err := drive(o, deferring(t)); err != nil || out != `"ok"` {
			t.Errorf("%s: %s, %v", name, out, err)
		}
		if !strings.Contains(log.String(), name) {
			t.Errorf("%s is not in the log:\n%s", name, log.String())
		}
		steps.expect(t, "flush")
	}
}

// At SIGTERM running tasks are dropped, and what tells of it is flushed before SIGKILL.
func TestFlushAtShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		steps := &sequence{}
		o, _ := open(t, WithTelemetry(steps))
		running := make(chan struct{})
		release := make(chan struct{})
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = drive(o, deferring(t, Func("deaf", func(context.Context) error { close(running); <-release; return nil })))
		}()
		<-running
		begin := time.Now()
		o.shutdown()
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("took %v", took)
		}
		<-over
		got := steps.take()
		if len(got) < 4 || !slices.Equal(got[:3], []string{"accepted", "started", "dropped"}) || got[len(got)-1] != "flush" {
			t.Errorf("steps %q", got)
		}
		close(release)
		synctest.Wait()

		steps.take()
		o.shutdown() // nothing is open: metrics that are collected by a timer may still wait
		steps.expect(t, "flush")
	})
}

func TestDefaultLogStaysBesideTelemetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option Option
		logged bool
	}{
		"telemetry": {WithTelemetry(&sequence{}), true},
		"observer":  {WithObserver(&sequence{}), false},
	} {
		var log strings.Builder
		o, err := newOffloader(t.Context(), []Option{
			WithStrategies(inline{}), WithLogger(slog.New(slog.NewTextHandler(&log, nil))), c.option,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := drive(o, deferring(t, Func("failing", func(context.Context) error { panic("task") }))); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "task failed"); got != c.logged {
			t.Errorf("%s: logged %v:\n%s", name, got, log.String())
		}
	}
}

// Nothing freezes in an ordinary process: batches leave by themselves, and the rest at the end.
func TestFlushOfAProcess(t *testing.T) {
	t.Parallel()
	steps := &sequence{}
	p, err := NewProcess(WithTelemetry(steps), WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	tail, err := p.Do(t.Context(), func(ctx context.Context) error { return After(ctx, Func("task", nothing)) })
	if err != nil {
		t.Fatal(err)
	}
	tail()
	steps.expect(t, "accepted", "started", "done")
	if err := p.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	steps.expect(t, "flush")
}
