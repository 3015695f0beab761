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
	_          incomparable
	invocation context.Context
	deadline   time.Time   // zero: none
	over       atomic.Bool // end was called

	mu   sync.Mutex
	made *madeContext // nil until asked for
}

// madeContext is what a task's context turns into when a task looks at it.
type madeContext struct {
	without context.Context // the invocation's values without its cancellation
	ctx     context.Context // nil until asked for
	cancel  context.CancelCauseFunc
	stop    context.CancelFunc
	cause   error // of the first end
}

// values gives the invocation's values without its cancellation.
func (t *tailContext) values() context.Context {
	t.mu.Lock()
	values := t.make().without
	t.mu.Unlock()
	return values
}

// make gives the made context, with its values at least. t.mu is held.
func (t *tailContext) make() *madeContext {
	if t.made == nil {
		t.made = &madeContext{without: context.WithoutCancel(t.invocation)}
		if t.over.Load() {
			t.made.cause = context.Canceled
		}
	}
	return t.made
}

func (t *tailContext) real() context.Context {
	t.mu.Lock()
	m := t.make()
	if m.ctx == nil {
		m.ctx, m.cancel = context.WithCancelCause(m.without)
		if !t.deadline.IsZero() {
			m.ctx, m.stop = context.WithDeadlineCause(m.ctx, t.deadline, ErrDeadline)
		}
		if m.cause != nil {
			m.cancel(m.cause)
		}
	}
	t.mu.Unlock()
	return m.ctx
}

// finish ends the context of a tail whose tasks have all ended. If none of them looked at
// it, whoever does so from now on finds it cancelled.
func (t *tailContext) finish() {
	t.mu.Lock()
	unseen := t.made == nil
	t.over.Store(true)
	t.mu.Unlock()
	if !unseen {
		t.end(context.Canceled)
	}
}

// end cancels the context for cause, and releases its timer.
func (t *tailContext) end(cause error) {
	t.mu.Lock()
	m := t.make()
	if m.cause == nil {
		m.cause = cause
		t.over.Store(true)
	}
	// At the deadline the context's own timer is due; its Err is DeadlineExceeded.
	if m.ctx != nil && !errors.Is(cause, ErrDeadline) {
		m.cancel(m.cause) // the first
		if m.stop != nil {
			m.stop()
		}
	}
	t.mu.Unlock()
}

// ended gives the reason why tasks should stop, or nil. start is when the scope began.
func (t *tailContext) ended(start time.Time) error {
	if t.over.Load() {
		t.mu.Lock()
		cause := t.make().cause
		t.mu.Unlock()
		return cause
	}
	if !t.deadline.IsZero() && time.Since(start) >= t.deadline.Sub(start) {
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
	m := t.make()
	ctx := m.ctx
	if ctx == nil {
		ctx = m.without
	}
	t.mu.Unlock()
	return ctx.Value(key)
}
