package offload

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// hooked gives an offloader with the hook in place, as Start makes one.
func hooked(t *testing.T, missed func()) (*offloader, *journal) {
	t.Helper()
	o, events := open(t)
	o.hook = newCancelHook(o.opts.base(), missed)
	return o, events
}

// ends tells how many tasks have had their terminal event.
func (j *journal) ends() int {
	n := 0
	for _, e := range j.events("") {
		if e.Kind.Terminal() {
			n++
		}
	}
	return n
}

// failing is a handler that defers a task and fails.
func failing(ctx context.Context) (any, error) {
	_ = After(ctx, Func("task", nothing))
	return nil, errTask
}

func TestFailureIsReportedBeforeTheTail(t *testing.T) {
	t.Parallel()
	o, events := hooked(t, nil)
	for n := range 3 {
		ctx, cancel := context.WithDeadline(o.hook, time.Now().Add(time.Hour))
		if _, err := o.invoke(ctx, failing); !errors.Is(err, errTask) {
			t.Errorf("invoke = %v", err)
		}
		// Here aws-lambda-go reports the error.
		if got := events.ends(); got != n {
			t.Errorf("invocation %d: the task ran before the report", n+1)
		}
		cancel()
		if got := events.ends(); got != n+1 {
			t.Errorf("invocation %d: the task did not run before the next event is asked for", n+1)
		}
	}
}

func TestHookOfSuccess(t *testing.T) {
	t.Parallel()
	missed := 0
	o, events := hooked(t, func() { missed++ })
	ctx, cancel := context.WithDeadline(o.hook, time.Now().Add(time.Hour))
	r, err := o.invoke(ctx, deferring(t, Func("task", nothing)))
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	if events.ends() != 1 {
		t.Error("the tail waits for the cancellation, although the response is out")
	}
	cancel()
	if events.end(t, "task"); missed != 0 {
		t.Errorf("missed was called %d times", missed)
	}
}

// A panic is not left to the hook: the process exits.
func TestHookOfPanic(t *testing.T) {
	t.Parallel()
	keeper := &recording{}
	o, events := open(t, WithStrategies(keeper))
	o.hook = newCancelHook(o.opts.base(), nil)
	ctx, cancel := context.WithDeadline(o.hook, time.Now().Add(time.Hour))
	defer cancel()
	func() {
		defer func() { _ = recover() }()
		_, _ = o.invoke(ctx, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("task", nothing))
			panic("handler")
		})
	}()
	cancel() // aws-lambda-go cancels after its report, and exits
	if end := events.end(t, "task"); end.Kind != Done || !keeper.final || keeper.kept != 1 {
		t.Errorf("end: %v; kept %d times, final %v", end.Kind, keeper.kept, keeper.final)
	}
}

// Where the deadline has come first, no cancellation will follow: the tail is dealt
// with before the report.
func TestHookAfterTheDeadline(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]bool{"before the handler": false, "during the handler": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				missed, keeper := 0, &recording{}
				o, events := open(t, WithStrategies(keeper))
				o.hook = newCancelHook(o.opts.base(), func() { missed++ })
				timeout := -time.Second
				if during {
					timeout = time.Second
				}
				ctx, cancel := context.WithDeadline(o.hook, time.Now().Add(timeout))
				defer cancel()
				_, _ = o.invoke(ctx, func(ctx context.Context) (any, error) {
					_ = After(ctx, Func("task", nothing))
					<-ctx.Done()
					synctest.Wait()
					return nil, errTask
				})
				if end := events.end(t, "task"); end.Kind != Dropped || !errors.Is(end.Err, ErrDeadline) {
					t.Errorf("end: %v, %v; want dropped, ErrDeadline", end.Kind, end.Err)
				}
				cancel()
				events.end(t, "task")
				if missed+keeper.kept != 1 {
					t.Errorf("the keeper heard of the invocation by %d calls of Keep and %d of Missed, want one in all", keeper.kept, missed)
				}
			})
		})
	}
}

// Another context over the hook that hides it: the tail comes before the report, and
// nothing is lost.
func TestHookThatIsHidden(t *testing.T) {
	t.Parallel()
	o, events := hooked(t, nil)
	for name, base := range map[string]context.Context{
		"another context": context.Background(),
		"a value over it": context.WithValue(o.hook, contextKey("k"), "v"),
	} {
		before := events.ends()
		ctx, cancel := context.WithDeadline(base, time.Now().Add(time.Hour))
		_, _ = o.invoke(ctx, failing)
		if events.ends() != before+1 {
			t.Errorf("%s: the task did not run", name)
		}
		cancel()
		if events.ends() != before+1 {
			t.Errorf("%s: cancel ran something", name)
		}
	}
}

func TestMissedInvocations(t *testing.T) {
	t.Parallel()
	missed := 0
	o, _ := hooked(t, func() { missed++ })
	invocation := func(handler handlerFunc) {
		ctx, cancel := context.WithDeadline(o.hook, time.Now().Add(time.Hour))
		defer cancel()
		if handler != nil { // otherwise the event did not decode
			if r, err := o.invoke(ctx, handler); err == nil {
				_ = r.Close()
			}
		}
	}
	for i, tc := range []struct {
		handler handlerFunc
		want    int
	}{{nil, 1}, {deferring(t), 1}, {failing, 1}, {nil, 2}, {nil, 3}, {deferring(t), 3}} {
		invocation(tc.handler)
		if missed != tc.want {
			t.Errorf("invocation %d: missed was called %d times, want %d", i+1, missed, tc.want)
		}
	}
}

// The base context's own end still reaches the invocations.
func TestHookPassesCancellationOn(t *testing.T) {
	t.Parallel()
	base, end := context.WithCancel(context.Background())
	hook := newCancelHook(base, nil)
	ctx, cancel := context.WithDeadline(hook, time.Now().Add(time.Hour))
	defer cancel()
	if ctx.Err() != nil {
		t.Fatal("cancelled from the start")
	}
	end()
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("Err = %v", ctx.Err())
	}
}

// A task that kept the goroutine of the loop leaves a context behind that nobody cancels: its deadline
// comes in the middle of a later invocation.
func TestHookAtTheDeadlineOfAnEarlierInvocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		missed := 0
		o, events := hooked(t, func() { missed++ })
		earlier, forget := context.WithDeadline(o.hook, time.Now().Add(time.Second))
		defer forget()
		if r, err := o.invoke(earlier, deferring(t)); err == nil {
			_ = r.Close()
		}
		ctx, cancel := context.WithDeadline(o.hook, time.Now().Add(time.Hour))
		_, _ = o.invoke(ctx, failing)
		<-earlier.Done()
		synctest.Wait()
		if events.ends() != 0 {
			t.Error("the task ran before the report of its invocation")
		}
		cancel()
		if events.ends() != 1 {
			t.Error("the task did not run before the next event is asked for")
		}
		earlier, forget = context.WithDeadline(o.hook, time.Now().Add(time.Second))
		defer forget()
		if r, err := o.invoke(earlier, deferring(t)); err == nil {
			_ = r.Close()
		}
		_, cancel = context.WithDeadline(o.hook, time.Now().Add(time.Hour)) // its event is not decoded yet
		<-earlier.Done()
		synctest.Wait()
		if missed != 0 {
			t.Error("the deadline of an earlier invocation counts as the end of the current one")
		}
		cancel()
	})
}
