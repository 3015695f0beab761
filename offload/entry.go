package offload

import (
	"context"
	"sync/atomic"
	"time"
)

// entry is an accepted task. It is also the context that the task gets: that way a
// task costs no further allocation. Many are made: one fills a cache line, and what few of
// them need is in details.
type entry struct {
	_     incomparable
	scope *scope
	name  string // of the task, as the input
	in    any
	*details
	after  *entry // the next one in its queue
	number int32  // in the order of acceptance, from 1
	place
}

// task gives what After got.
func (e *entry) task() Task { return Task{name: e.name, def: e.def, in: e.in} }

// details are shared by tasks that differ in nothing else, and not changed then.
type details struct {
	_        incomparable
	def      *definition // nil for a closure
	set      *settings
	values   context.Context // values of the ctx that After got; nil: the invocation's
	out      *outgoing       // nil if the process neither sends tasks, nor receives, nor traces them
	accepted time.Duration   // since the scope began; 0 if nobody asks for times
	firstRun atomic.Int64    // time of the first attempt here since the scope began, in nanoseconds; 0: none
}

// plain are the details of a closure that was deferred without options, by the handler itself.
var plain = details{set: &defaultSettings}

// detailsFor gives the details of a task that After got with ctx.
func (s *scope) detailsFor(ctx context.Context, task Task, set *settings, out *outgoing) *details {
	if ctx == s && out == nil && !s.off.timed {
		shared := &plain
		if task.def != nil {
			shared = &task.def.plain
		}
		if set == shared.set {
			return shared
		}
	}
	d := &details{def: task.def, set: set, out: out}
	if ctx != s {
		d.values = context.WithoutCancel(ctx)
	}
	if s.off.timed {
		d.accepted = time.Since(s.start)
	}
	return d
}

// outgoing is what a task needs to leave the process, or to be traced.
type outgoing struct {
	id     string    // the task's, which is asked for several times on its way
	data   []byte    // the input as JSON
	body   []byte    // the envelope, when the task is at a sender
	origin *delivery // the delivery it was deferred from, or is the task of; nil: from a handler
	trace  string    // the trace context in body
	traced traced
	reason error // why the task left the link before; written by whoever made it leaving
}

// Deadline, Done, Err and Value make an entry the context of its task.
func (e *entry) Deadline() (time.Time, bool) { return e.scope.tail.Deadline() }
func (e *entry) Done() <-chan struct{}       { return e.scope.tail.Done() }
func (e *entry) Err() error                  { return e.scope.tail.Err() }

func (e *entry) Value(key any) any {
	switch key.(type) {
	case taskKey:
		return e
	case acceptorKey:
		return e.scope
	}
	if values := e.own(); values != nil {
		if v := values.Value(key); v != nil {
			return v
		}
	}
	return e.scope.tail.Value(key)
}

// own gives the context whose values the task has before those of the invocation, or nil.
func (e *entry) own() context.Context {
	if e.out != nil {
		if ctx := e.out.traced.values(); ctx != nil {
			return ctx
		}
	}
	return e.values
}

// observed is the context for observers.
func (e *entry) observed() context.Context {
	if own := e.own(); own != nil {
		return own
	}
	return e.scope.tail.values()
}

// acceptedAt is when After accepted the task.
func (e *entry) acceptedAt() time.Time { return e.scope.start.Add(e.accepted) }

func (e *entry) info() TaskInfo {
	id := e.set.id
	if id == "" && e.out != nil {
		id = e.out.id
	}
	if id == "" {
		id = e.scope.id.task(int(e.number))
	}
	return TaskInfo{
		ID:        id,
		Name:      e.name,
		RequestID: e.scope.RequestID(),
		Attempt:   e.attempts(),
		Hops:      e.hops(),
		Accepted:  e.acceptedAt(),
	}
}

// hops is how often the task has left a process, in the person of those that
// deferred it too.
func (e *entry) hops() int {
	if e.out == nil || e.out.origin == nil {
		return 0
	}
	return e.out.origin.hops
}

// strategy names the strategy the task is at.
func (e *entry) strategy() string {
	link := e.link()
	if link == arrived {
		return e.out.origin.via
	}
	return e.scope.off.chain[link].name
}

// end gives the task its terminal event, if it is still in the state from.
func (e *entry) end(from entryState, kind EventKind, err error) {
	if e.move(from, ended) {
		e.publish(kind, 0, err)
	}
}

// leave sends the task down the chain, if it is still in the state from. Where no
// link is left, it ends as kind says.
func (e *entry) leave(from entryState, kind EventKind, reason error) {
	e.scope.beginMove()
	if c := e.scope.off.opts.crossing; c != nil {
		c.leave(e, from, kind, reason)
	} else {
		e.end(from, kind, reason)
	}
	e.scope.endMove()
}

// publish reports a step of the task. backoff is the wait for the next attempt.
func (e *entry) publish(kind EventKind, backoff time.Duration, err error) {
	if e.scope.off.pub.wants(kind) {
		e.publishStep(kind, backoff, err)
	}
}

func (e *entry) publishStep(kind EventKind, backoff time.Duration, err error) {
	ev := Event{
		Kind:     kind,
		Task:     e.info(),
		Time:     time.Now(),
		Strategy: e.strategy(),
		Backoff:  backoff,
		Err:      err,
	}
	if kind.Terminal() {
		e.measure(&ev)
	}
	e.scope.off.pub.publish(e.observed(), &ev)
}

// measure gives the terminal event the times of the task.
func (e *entry) measure(ev *Event) {
	if deadline, ok := e.scope.Deadline(); ok {
		ev.Left = deadline.Sub(ev.Time)
	}
	total := ev.Time.Sub(e.acceptedAt())
	if first := time.Duration(e.firstRun.Load()); first > 0 {
		ev.Wait = first - e.accepted
		ev.Run = total - ev.Wait
	} else {
		ev.Wait = total
	}
}
