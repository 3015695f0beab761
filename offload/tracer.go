package offload

import (
	"context"
	"sync"
)

// Tracer is an [Observer] that makes tasks part of a trace; [WithTelemetry] recognises it. Package
// offloadotel has one for OpenTelemetry.
//
// It sees each task of a process from its first step here to its terminal [Event]. The contexts
// that it returns are what comes next for the task: the one of TaskStarts is seen by the task itself,
// and all of them by the observers of the events that follow, so a span that is put there can be found
// again and ended with the terminal event. They must be derived from the ctx that was given.
//
// The methods are called concurrently for different tasks, on the goroutine that does the work. They must
// not panic.
type Tracer interface {
	Observer

	// TaskArrives is called in a worker before anything else that concerns the task.
	// traceParent is the W3C trace context that its envelope brought, empty if there is none.
	TaskArrives(ctx context.Context, traceParent string) context.Context

	// TaskStarts is called before the first attempt in this process.
	TaskStarts(ctx context.Context, task TaskInfo, strategy string) context.Context

	// TaskLeaves is called when the envelope for a strategy that sends tasks is made: in After,
	// or when a task moves down the chain. It may be called again for the same task and another
	// strategy, and the task may still be refused: there is no terminal event then. traceParent
	// is the W3C trace context for the envelope; empty leaves the envelope without.
	TaskLeaves(ctx context.Context, task TaskInfo, strategy string) (next context.Context, traceParent string)
}

// traced is the context that the Tracer gave a task last. A task that is given up may
// have its terminal event while its worker is still about to start it, hence the lock.
type traced struct {
	mu  sync.Mutex
	ctx context.Context
}

// values gives the context, or nil if there is none.
func (t *traced) values() context.Context {
	t.mu.Lock()
	ctx := t.ctx
	t.mu.Unlock()
	return ctx
}

func (t *traced) set(ctx context.Context) {
	t.mu.Lock()
	t.ctx = ctx
	t.mu.Unlock()
}

// startTrace tells the tracer that the first attempt is about to begin.
func (e *entry) startTrace() {
	e.out.traced.set(e.scope.off.tracer.TaskStarts(e.observed(), e.info(), e.strategy()))
}

// traceParent gives the trace context for the task's envelope to the strategy named: the tracer's;
// without one that of the envelope which brought the task, or the one that deferred it, so that a chain of
// workers stays one trace; and at first the one of Lambda's own tracing.
func (e *entry) traceParent(info TaskInfo, strategy string) string {
	if t := e.scope.off.tracer; t != nil {
		ctx, parent := t.TaskLeaves(e.observed(), info, strategy)
		e.out.traced.set(ctx)
		return parent
	}
	if d := e.out.origin; d != nil && d.traceParent != "" {
		return d.traceParent
	}
	return traceParentOfXRay(e.scope.xrayHeader())
}
