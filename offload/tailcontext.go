package offload

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// tailContext is the parent of the contexts of one invocation's tasks: not
// cancelled when the handler returns, but at the deadline less the margin, and at a
// SIGTERM. The real context, with its timer, is made when a task first asks for
// it; a tail of tasks that never look costs nothing.
type tailContext struct {
	invocation context.Context
	deadline   time.Time     // zero: none
	limit      time.Duration // the deadline, from the beginning of the scope

	over atomic.Bool // end was called

	mu      sync.Mutex
	without context.Context // the invocation's values without its cancellation; nil until asked for
	ctx     context.Context // nil until asked for
	cancel  context.CancelCauseFunc
	stop    context.CancelFunc
	cause   error // of the first end
}

// values gives the invocation's values without its cancellation.
func (t *tailContext) values() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lockedValues()
}

func (t *tailContext) lockedValues() context.Context {
	if t.without == nil {
		t.without = context.WithoutCancel(t.invocation)
	}
	return t.without
}

func (t *tailContext) real() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx != nil {
		return t.ctx
	}
	t.ctx, t.cancel = context.WithCancelCause(t.lockedValues())
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
		t.over.Store(true)
	}
	if errors.Is(cause, ErrDeadline) {
		return // the context's own timer is due; its Err is DeadlineExceeded
	}
	if t.ctx != nil {
		t.cancel(t.cause) // the first
		if t.stop != nil {
			t.stop()
		}
	}
}

// ended gives the reason why tasks should stop, or nil. elapsed is the time since
// the scope began.
func (t *tailContext) ended(elapsed time.Duration) error {
	if t.over.Load() {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.cause
	}
	if !t.deadline.IsZero() && elapsed >= t.limit {
		return ErrDeadline
	}
	return nil
}

func (t *tailContext) Deadline() (time.Time, bool) { return t.deadline, !t.deadline.IsZero() }
func (t *tailContext) Done() <-chan struct{}       { return t.real().Done() }
func (t *tailContext) Err() error                  { return t.real().Err() }

// Value gives package context its own key once there is a real context, so that
// contexts derived from a task's are cancelled without a goroutine each.
func (t *tailContext) Value(key any) any {
	t.mu.Lock()
	ctx := t.ctx
	if ctx == nil {
		ctx = t.lockedValues()
	}
	t.mu.Unlock()
	return ctx.Value(key)
}
