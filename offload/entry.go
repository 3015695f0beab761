package offload

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-offload/lambda/offload/internal/deferral"
)

// entryState is where a task is. A transition is made with compare-and-swap by
// whoever moves the task on, so that a worker that comes late (its task ignored
// its context and was given up) changes nothing.
type entryState = int32

const (
	queued  entryState = iota // waits to run here
	running                   // runs here
	leaving                   // on its way to a sender
	ended                     // has had its terminal event
)

// entry is an accepted task. It is also the context that the task gets: that way a
// task costs no further allocation.
type entry struct {
	scope    *scope
	task     Task
	set      *settings
	values   context.Context // values of the ctx that After got, without its cancellation
	id       taskID
	accepted time.Time
	data     []byte // the input as JSON, if the chain has a sender
	body     []byte // the envelope, if the task is at a sender
	link     int    // the link of the chain the task is at
	reason   error  // why it left the link before; written by whoever made it leaving

	state    atomic.Int32
	attempt  atomic.Int32 // attempts begun, those in other processes included
	firstRun atomic.Int64 // nanoseconds from accepted to the first attempt here, plus 1
}

// Deadline, Done, Err and Value make an entry the context of its task.
func (e *entry) Deadline() (time.Time, bool) { return e.scope.tail.Deadline() }
func (e *entry) Done() <-chan struct{}       { return e.scope.tail.Done() }
func (e *entry) Err() error                  { return e.scope.tail.Err() }

func (e *entry) Value(key any) any {
	switch key.(type) {
	case taskKey:
		return e
	case deferral.Key:
		return e.scope
	}
	if v := e.values.Value(key); v != nil {
		return v
	}
	return e.scope.tail.Value(key) // the key under which package context finds the canceller
}

func (e *entry) info() TaskInfo {
	id := e.set.id
	if id == "" {
		id = e.id.String()
	}
	return TaskInfo{
		ID:        id,
		Name:      e.task.name,
		RequestID: e.scope.requestID,
		Attempt:   int(e.attempt.Load()),
		Hops:      e.scope.hops,
		Accepted:  e.accepted,
	}
}

// end gives the task its terminal event, if it is still in the state from.
func (e *entry) end(from entryState, kind EventKind, err error) {
	if !e.state.CompareAndSwap(from, ended) {
		return
	}
	e.publishEnd(kind, err)
}

// leave sends the task down the chain, if it is still in the state from. Where no
// link is left, it ends as kind says.
func (e *entry) leave(from entryState, kind EventKind, reason error) {
	if !e.state.CompareAndSwap(from, leaving) {
		return
	}
	e.reason = reason
	next, err := e.scope.off.route(e, e.link+1)
	if err != nil {
		e.end(leaving, kind, reason)
		return
	}
	e.link = next
	e.scope.post(e)
}

func (e *entry) publishEnd(kind EventKind, err error) {
	pub := e.scope.off.pub
	if !pub.wants(kind) {
		return
	}
	ev := Event{
		Kind:     kind,
		Task:     e.info(),
		Time:     time.Now(),
		Strategy: e.scope.off.chain[e.link].name,
		Err:      err,
	}
	total := ev.Time.Sub(e.accepted)
	if first := e.firstRun.Load(); first > 0 {
		ev.Wait = time.Duration(first - 1)
		ev.Run = total - ev.Wait
	} else {
		ev.Wait = total
	}
	pub.publish(e.values, ev)
}

// publish reports a step of the task that is not its end.
func (e *entry) publish(kind EventKind, backoff time.Duration, err error) {
	pub := e.scope.off.pub
	if !pub.wants(kind) {
		return
	}
	pub.publish(e.values, Event{
		Kind:     kind,
		Task:     e.info(),
		Time:     time.Now(),
		Strategy: e.scope.off.chain[e.link].name,
		Backoff:  backoff,
		Err:      err,
	})
}
