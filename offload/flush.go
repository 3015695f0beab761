package offload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// MaxFlushTime is how long the flushes at the end of one tail take at most, also where the
// invocation has minutes left: a collector that does not answer would be billed for until the deadline.
const MaxFlushTime = 5 * time.Second

// Flusher is implemented by observers that keep back what they were told, or that feed something which
// does: [WithTelemetry] has Flush called as [WithFlush] says.
type Flusher interface {
	Flush(ctx context.Context) error
}

// WithFlush has f called as the last thing in each invocation, after the response is out, all tasks
// have had their terminal event and before the environment is frozen: the place to export
// spans, metrics and log records that are sent in batches. What is still in memory then
// is sent minutes later, or never.
//
// It is called for every invocation that reaches the handler, in workers too: when nothing was deferred,
// when the handler failed or panicked, and when the tail ended at its deadline. Once more it is called at SIGTERM, which
// may be while the tail that SIGTERM interrupts calls it too.
// The caller of the function does not wait for it, but for two cases, both of a handler that fails: one
// that was started through [Wrap], and one whose deadline has passed. The time is billed.
//
// ctx has the values of the invocation, and ends a quarter of the margin (see [WithMargin]) before its deadline, or
// after [MaxFlushTime]. An f that does not return by then
// is left behind, and not called again while it runs. Errors and panics of f are logged.
//
// WithFlush may be given several times; the functions run at the same time. Where invocations overlap
// (Lambda Managed Instances), so do the calls of f, and f may well do nothing: nothing is frozen there. Outside
// Lambda (see [Process]) f is called at Shutdown only.
func WithFlush(f func(ctx context.Context) error) Option {
	return func(o *options) {
		o.require("WithFlush", f)
		addFlush(o, f)
	}
}

// tailEnd is what comes after the tasks. It is an interface for the sake of programs that
// have nothing there: they do not link what implements it.
type tailEnd interface {
	// finish is called with s.mu held, and may release it for the while.
	finish(s *scope)

	// shutdown is called when the process is about to end, after the tails.
	shutdown(ctx context.Context, o *offloader)
}

func addFlush(o *options, f func(context.Context) error) {
	all, _ := o.tailEnd.(flushers)
	all = append(all, &flusher{f: f})
	o.tailEnd = all
}

// flushers are called at the same time. There is one at least.
type flushers []*flusher

// flusher calls one function given to WithFlush.
type flusher struct {
	f func(context.Context) error

	mu   sync.Mutex
	late chan struct{} // closed when the call that overran its time returns; nil: there is none
}

var (
	errFlushLate   = errors.New("the function given to WithFlush did not return in time")
	errFlushTime   = errors.New("there is no time left")
	errFlushBehind = errors.New("the function given to WithFlush still runs since an earlier invocation")
)

// call returns when f has, or when ctx ends.
func (fl *flusher) call(ctx context.Context) error {
	if ctx.Err() != nil {
		return errFlushTime
	}
	fl.mu.Lock()
	late := fl.late
	fl.mu.Unlock()
	if late != nil {
		select {
		case <-late:
		case <-ctx.Done():
			return errFlushBehind
		}
	}
	result := make(chan error, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		err := ErrGoexit
		defer func() { result <- err }()
		err = fl.protected(ctx)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		fl.mu.Lock()
		fl.late = over
		fl.mu.Unlock()
		return fmt.Errorf("%w: %w", errFlushLate, ctx.Err())
	}
}

// protected makes a panic of f an error.
func (fl *flusher) protected(ctx context.Context) (err error) {
	returned := false
	defer func() {
		if v := recover(); v != nil && !returned {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	err = fl.f(ctx)
	returned = true
	return err
}

func (all flushers) flush(ctx context.Context, log *slog.Logger, id slog.Attr) {
	var others sync.WaitGroup
	for _, fl := range all[1:] {
		others.Go(func() { fl.report(ctx, log, id) })
	}
	all[0].report(ctx, log, id)
	others.Wait()
}

func (fl *flusher) report(ctx context.Context, log *slog.Logger, id slog.Attr) {
	if err := fl.call(ctx); err != nil {
		log.WarnContext(ctx, "offload: flushing failed at the end of an invocation; what was to be exported may be lost", "error", err.Error(), id)
	}
}

// finish is the last of a tail: everything has its terminal event, and no further task
// is accepted.
func (all flushers) finish(s *scope) {
	if s.off.opts.process != nil {
		return
	}
	s.closed = true
	s.mu.Unlock()
	by := time.Now().Add(MaxFlushTime)
	if deadline, ok := s.Deadline(); ok {
		if end := deadline.Add(-2 * deadline.Sub(s.flushBy())); end.Before(by) {
			by = end
		}
	}
	ctx, cancel := context.WithDeadline(s.tail.values(), by)
	all.flush(ctx, s.off.log, s.logID())
	cancel()
	s.mu.Lock()
}

// shutdown exports what the end of the last tails has left.
func (all flushers) shutdown(ctx context.Context, o *offloader) { all.flush(ctx, o.log, slog.Attr{}) }
