package offload

import (
	"context"
	"sync"
	"time"
)

// cancelHook is the base context of all invocations. aws-lambda-go derives each
// invocation's context from it, and cancels that one after it has POSTed the
// response or the error, before it asks for the next event. Package context lets a
// parent see this: a child of a context that has a method AfterFunc calls the
// stop function it got from there when it is cancelled.
//
// For a success Close comes first and the hook has nothing to do. For a failed
// invocation it is the only sign that the report is out. It rests on the order of
// statements in aws-lambda-go, which is not documented. Were the order to change, stop
// would come before the report: tasks would still run, and the caller would wait
// for them, as without the hook. If stop is not going to come at all (another
// context was put over the hook, or the deadline has passed already), live is false.
//
// It does not say which invocation ended, so it is only used where there is one at a time.
type cancelHook struct {
	base   context.Context
	done   chan struct{} // never closed; a child of a context without Done asks for nothing
	missed func()        // an invocation ended without reaching the handler; may be nil

	mu      sync.Mutex
	number  int  // of the current invocation
	live    bool // an invocation's context will call stop
	called  bool // its handler was called
	told    bool // missed was called for it
	pending *scope
}

type hookKey struct{}

func newCancelHook(base context.Context, missed func()) *cancelHook {
	return &cancelHook{base: base, done: make(chan struct{}), missed: missed}
}

func (h *cancelHook) Deadline() (time.Time, bool) { return h.base.Deadline() }
func (h *cancelHook) Err() error                  { return h.base.Err() }

// Done is not nil, so that package context calls AfterFunc.
func (h *cancelHook) Done() <-chan struct{} {
	if done := h.base.Done(); done != nil {
		return done
	}
	return h.done
}

// Value lets reached recognise a context that descends from the hook.
func (h *cancelHook) Value(key any) any {
	if _, ok := key.(hookKey); ok {
		return h
	}
	return h.base.Value(key)
}

// AfterFunc is called by package context when aws-lambda-go makes the context of
// an invocation.
func (h *cancelHook) AfterFunc(f func()) (stop func() bool) {
	unhook := func() bool { return true }
	if h.base.Done() != nil {
		unhook = context.AfterFunc(h.base, f)
	}
	h.mu.Lock()
	h.number++
	number := h.number
	h.live, h.called, h.told, h.pending = true, false, false, nil
	h.mu.Unlock()
	return func() bool {
		h.fire(number)
		return unhook()
	}
}

// fire is the end of an invocation, or its deadline. The deadline may be that of an earlier one: nobody
// cancelled its context if a task kept the goroutine of the loop (see loan).
func (h *cancelHook) fire(number int) {
	h.mu.Lock()
	if number != h.number {
		h.mu.Unlock()
		return
	}
	first, called, s := h.live, h.called, h.pending
	h.live, h.pending = false, nil
	h.told = first && !called && h.missed != nil
	told := h.told
	h.mu.Unlock()
	switch {
	case s != nil:
		s.keep()
	case told:
		h.missed()
	}
}

// reached notes that the current invocation got as far as the handler. It reports
// false if its deadline came before that: it counts as missed then. A nil hook is never
// in place.
func (h *cancelHook) reached(ctx context.Context) bool {
	if h == nil || ctx.Value(hookKey{}) != any(h) {
		return true
	}
	h.mu.Lock()
	h.called = true
	told := h.told
	h.mu.Unlock()
	return !told
}

// takes leaves the tail of a failed invocation to the hook, if that will fire.
func (h *cancelHook) takes(s *scope) bool {
	if h == nil || s.Value(hookKey{}) != any(h) {
		return false
	}
	h.mu.Lock()
	live := h.live
	if live {
		h.pending = s
	}
	h.mu.Unlock()
	return live
}
