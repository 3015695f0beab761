package offload

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// withLoop gives an offloader whose runtime loop can be replaced, and the channel that
// gets a value each time it is.
func withLoop(t *testing.T, opts ...Option) (*offloader, *journal, <-chan struct{}) {
	t.Helper()
	o, events := open(t, opts...)
	replaced := make(chan struct{}, 10)
	o.loop = func() { replaced <- struct{}{} }
	return o, events, replaced
}

// inLoop does with a handler what the runtime loop does, in an invocation that has d. The
// channel is closed when the goroutine of the loop comes back from there.
func inLoop(o *offloader, d time.Duration, read bool, handler handlerFunc) <-chan struct{} {
	back := make(chan struct{})
	go func() {
		defer close(back)
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		r, err := o.invoke(ctx, handler)
		if err != nil {
			return
		}
		if read {
			_, _ = io.Copy(io.Discard, r)
		}
		_ = r.Close()
	}()
	return back
}

// brief is the time of an invocation whose task is given up.
const brief = 200 * time.Millisecond

// within fails the test if nothing comes from c for a long time.
func within(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	timer := time.NewTimer(20 * time.Second)
	defer timer.Stop()
	select {
	case <-c:
	case <-timer.C:
		t.Fatalf("%s: did not happen", what)
	}
}

func TestTailRunsOnTheLoopsGoroutine(t *testing.T) {
	t.Parallel()
	o, _, replaced := withLoop(t)
	var here, there atomic.Int64
	within(t, inLoop(o, lambdaTimeout, true, func(ctx context.Context) (any, error) {
		here.Store(goroutineID())
		return nil, After(ctx, Func("task", func(context.Context) error {
			there.Store(goroutineID())
			return nil
		}))
	}), "the loop comes back")
	if here.Load() != there.Load() {
		t.Error("the only task ran on another goroutine")
	}
	if len(replaced) != 0 {
		t.Error("the loop was replaced although its goroutine came back")
	}
}

// The loop goes on elsewhere when a task does not give its goroutine back in time, and that goroutine never
// gets back to the loop, which would then ask for events twice.
func TestLoopIsReplacedWhenATaskKeepsIt(t *testing.T) {
	t.Parallel()
	o, events, replaced := withLoop(t)
	release := make(chan struct{})
	returned := make(chan struct{})
	back := inLoop(o, brief, true, func(ctx context.Context) (any, error) {
		return nil, After(ctx, Func("deaf", func(context.Context) error {
			<-release
			close(returned)
			return nil
		}))
	})
	within(t, replaced, "the loop is replaced")
	if end := events.end(t, "deaf"); end.Kind != Dropped {
		t.Errorf("the task ended as %v before the loop went on, want dropped", end.Kind)
	}
	close(release)
	within(t, returned, "the task returns")
	for range 100 {
		runtime.Gosched()
	}
	select {
	case <-back:
		t.Error("the goroutine went back to a loop that has another one")
	case <-replaced:
		t.Error("the loop was replaced twice")
	default:
	}
	events.end(t, "deaf") // still one
}

// runtime.Goexit in a task ends the goroutine of the loop; nobody would ask for the next event.
func TestLoopIsReplacedWhenATaskEndsIt(t *testing.T) {
	t.Parallel()
	o, events, replaced := withLoop(t, Sequential())
	back := inLoop(o, lambdaTimeout, true, func(ctx context.Context) (any, error) {
		_ = After(ctx, Func("exits", func(context.Context) error { runtime.Goexit(); return nil }))
		return nil, After(ctx, Func("next", nothing))
	})
	within(t, replaced, "the loop is replaced")
	for name, kind := range map[string]EventKind{"exits": Failed, "next": Done} {
		if end := events.end(t, name); end.Kind != kind {
			t.Errorf("task %q ended as %v, want %v", name, end.Kind, kind)
		}
	}
	select {
	case <-back:
		t.Error("deferred functions of the loop's callers ran")
	case <-replaced:
		t.Error("the loop was replaced twice")
	default:
	}
}

// The loop waits for the rest of the tail then, and no longer than it would have waited otherwise.
func TestLoopIsReplacedWhenOneTaskEndsItAndAnotherKeepsItsSuccessor(t *testing.T) {
	t.Parallel()
	o, events, replaced := withLoop(t, Sequential())
	release := make(chan struct{})
	defer close(release)
	inLoop(o, brief, true, func(ctx context.Context) (any, error) {
		_ = After(ctx, Func("exits", func(context.Context) error { runtime.Goexit(); return nil }))
		return nil, After(ctx, Func("deaf", func(context.Context) error { <-release; return nil }))
	})
	within(t, replaced, "the loop is replaced")
	if end := events.end(t, "deaf"); end.Kind != Dropped {
		t.Errorf("the task ended as %v before the loop went on, want dropped", end.Kind)
	}
}

// later is a keeper that runs the tail here, but not on the goroutine that it was called on.
type later struct {
	inline
	tails chan driver.Tail
}

func (k later) Keep(tail driver.Tail) { k.tails <- tail }

func TestLoopIsNotLentToAnotherGoroutine(t *testing.T) {
	t.Parallel()
	k := later{tails: make(chan driver.Tail, 1)}
	o, events, replaced := withLoop(t, WithStrategies(k))
	release := make(chan struct{})
	defer close(release)
	within(t, inLoop(o, brief, true, func(ctx context.Context) (any, error) {
		return nil, After(ctx, Func("deaf", func(context.Context) error { <-release; return nil }))
	}), "the loop comes back")
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		(<-k.tails).RunHere()
	}()
	within(t, ran, "the tail ends")
	if end := events.end(t, "deaf"); end.Kind != Dropped || len(replaced) != 0 {
		t.Errorf("the task ended as %v, the loop was replaced %d times; it had come back before", end.Kind, len(replaced))
	}
}

// A response that was refused is followed by the exit of the process: the loop is not lent then.
func TestLoopIsNotLentBeforeAnExit(t *testing.T) {
	t.Parallel()
	o, _, replaced := withLoop(t)
	release := make(chan struct{})
	defer close(release)
	back := inLoop(o, brief, false, func(ctx context.Context) (any, error) {
		return "refused", After(ctx, Func("deaf", func(context.Context) error { <-release; return nil }))
	})
	within(t, back, "Close returns")
	if len(replaced) != 0 {
		t.Error("the loop was replaced; the process was about to exit")
	}
}

// goroutineID reads the number that the runtime prints in stacks.
func goroutineID() (id int64) {
	buf := make([]byte, 64)
	_, _ = fmt.Sscanf(string(buf[:runtime.Stack(buf, false)]), "goroutine %d ", &id)
	return id
}
