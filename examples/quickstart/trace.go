package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// trace is what happened to one order. Times count from the moment the client sent it.
type trace struct {
	scenario string
	requests []request // the order, and those that came later
	tasks    []task    // of the first order
	// abandoned counts the tasks of the later orders that are not done: frozen too.
	abandoned int
}

// request is an invocation of the function.
type request struct {
	handler  span          // from the event to the begin of the response
	posted   time.Duration // Lambda has the response
	answered time.Duration // the client has it
	latency  time.Duration // the client waited that long
	awake    span          // from the event to the freeze
	billed   time.Duration
}

// task is one of the three things that an order entails.
type task struct {
	name string
	span // to is 0 if it did not end
}

type span struct{ from, to time.Duration }

func (t task) done() bool { return t.to > 0 }

// taskNames is the order of the rows.
var taskNames = []string{"send-receipt", "audit-row", "webhook"}

// newTrace puts together what the client saw, what the local Lambda did and what the
// function logged.
func newTrace(s scenario, order string, sent []exchange, events []lambdatest.Event, logs []lambdatest.LogLine) (trace, error) {
	// The function's log has wall clock times, so all are compared as such.
	zero := sent[0].sent.Round(0)
	since := func(t time.Time) time.Duration { return t.Round(0).Sub(zero) }

	tr := trace{scenario: s.name}
	for _, ex := range sent {
		r, ok := findRequest(ex, events, since)
		if !ok {
			return tr, fmt.Errorf("the local Lambda has no complete record of request %q", ex.requestID)
		}
		r.billed = ex.billed
		r.answered, r.latency = since(ex.answered), ex.answered.Sub(ex.sent)
		tr.requests = append(tr.requests, r)
	}

	for _, name := range taskNames {
		tr.tasks = append(tr.tasks, task{name: name})
	}
	tr.abandoned = (len(sent) - 1) * len(taskNames)
	for _, line := range logs {
		var entry struct {
			Time             time.Time
			Msg, Task, Order string
		}
		if line.Platform || json.Unmarshal([]byte(line.Text), &entry) != nil {
			continue
		}
		i := slices.Index(taskNames, entry.Task)
		switch {
		case i < 0:
		case entry.Order != order:
			if entry.Msg == "task done" {
				tr.abandoned--
			}
		case entry.Msg == "task started":
			tr.tasks[i].from = since(entry.Time)
		case entry.Msg == "task done":
			tr.tasks[i].to = since(entry.Time)
		}
	}
	return tr, nil
}

// findRequest finds the events of a request, up to the freeze that followed it. Requests are sent one at a time, so
// the next freeze is its own.
func findRequest(ex exchange, events []lambdatest.Event, since func(time.Time) time.Duration) (r request, found bool) {
	for _, e := range events {
		at := since(e.Time)
		if found && e.Kind == lambdatest.EventFreeze {
			r.awake.to = at
			return r, true
		}
		if e.RequestID != ex.requestID {
			continue
		}
		switch e.Kind {
		case lambdatest.EventInvokeStart:
			r.handler.from, r.awake.from = at, at
		case lambdatest.EventResponseStart:
			r.handler.to = at
		case lambdatest.EventResponseEnd:
			r.posted, found = at, true
		default:
		}
	}
	return r, false
}

// end is the last moment of the trace.
func (tr trace) end() time.Duration { return tr.requests[len(tr.requests)-1].awake.to }

// unfinished counts the first order's tasks that are not done.
func (tr trace) unfinished() int {
	n := 0
	for _, t := range tr.tasks {
		if !t.done() {
			n++
		}
	}
	return n
}

// inTime counts the tasks that were done before the first freeze.
func (tr trace) inTime() int {
	n := 0
	for _, t := range tr.tasks {
		if tr.beforeFreeze(t) {
			n++
		}
	}
	return n
}

func (tr trace) beforeFreeze(t task) bool { return t.done() && t.to <= tr.requests[0].awake.to }

// frozen are the spans in which no instruction of the function ran.
func (tr trace) frozen() []span {
	var spans []span
	for i := 1; i < len(tr.requests); i++ {
		spans = append(spans, span{tr.requests[i-1].awake.to, tr.requests[i].awake.from})
	}
	return spans
}

// lastDone is when the slowest task was done, and the request that thawed the environment
// for it, counted from 1. The thaw comes a moment before the event, and a task may end in between.
func (tr trace) lastDone() (at time.Duration, during int) {
	for _, t := range tr.tasks {
		at = max(at, t.to)
	}
	during = 1
	for _, r := range tr.requests[:len(tr.requests)-1] {
		if at > r.awake.to {
			during++
		}
	}
	return at, during
}
