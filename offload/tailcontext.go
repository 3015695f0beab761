package offload

import (
	"context"
	"sync"
	"time"
)

// tailContext is the parent of the contexts of one invocation's tasks: not
// cancelled when the handler returns, but at the deadline less the margin, and at a
// SIGTERM. The real context, with its timer, is made when a task first asks for
// it; a tail of tasks that never look costs nothing.
type tailContext struct {
	values   context.Context // the invocation's values without its cancellation
	deadline time.Time       // zero: none

	mu     sync.Mutex
	ctx    context.Context // nil until asked for
	cancel context.CancelCauseFunc
	stop   context.CancelFunc
	cause  error // of a cancel that came before ctx was made
}

func (t *tailContext) real() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx != nil {
		return t.ctx
	}
	t.ctx, t.cancel = context.WithCancelCause(t.values)
	if !t.deadline.IsZero() {
		t.ctx, t.stop = context.WithDeadlineCause(t.ctx, t.deadline, ErrDeadline)
	}
	if t.cause != nil {
		t.cancel(t.cause)
	}
	return t.ctx
}

// end cancels the context for cause, and releases its timer.
func (t *tailContext) end(cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == nil {
		t.cause = cause
	}
	if t.ctx != nil {
		t.cancel(cause)
		if t.stop != nil {
			t.stop()
		}
	}
}

// ended gives the reason why tasks should stop, or nil.
func (t *tailContext) ended() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.cause != nil:
		return t.cause
	case !t.deadline.IsZero() && !time.Now().Before(t.deadline):
		return ErrDeadline
	default:
		return nil
	}
}

func (t *tailContext) Deadline() (time.Time, bool) { return t.deadline, !t.deadline.IsZero() }
func (t *tailContext) Done() <-chan struct{}       { return t.real().Done() }
func (t *tailContext) Err() error                  { return t.real().Err() }

// Value gives package context its own key once there is a real context, so that
// contexts derived from a task's are cancelled without a goroutine each.
func (t *tailContext) Value(key any) any {
	t.mu.Lock()
	ctx := t.ctx
	t.mu.Unlock()
	if ctx == nil {
		return t.values.Value(key)
	}
	return ctx.Value(key)
}
