package cost

import (
	"math"
	"time"
)

// load is what one function does in a month.
type load struct {
	invocations rat  // runs, retries included
	perRequest  rat  // the same for one client request
	queued      bool // asynchronous or polled: excess waits instead of failing

	// Means over the runs, in milliseconds.
	response rat // billed, up to the response
	tail     rat // billed, after it
	retries  rat // of retries in process: expected, not rounded
	init     rat // of init phases, spread over all runs
	held     rat // an environment is busy, not rounded
}

// shape is how the time of a function's run is made up.
type shape struct {
	before run // up to the response
	whole  run // up to the moment the environment can take the next event
}

// frontShape is the function that the client reaches.
func frontShape(w Workload, c Contestant) shape {
	handler := run{handler: true}
	tasks := run{rounds: rounds(w.Tasks, w.AtOnce)}
	handoff := run{fixed: handoffTime(w, c)}
	switch {
	case c == Inline:
		return shape{before: handler.plus(tasks), whole: handler.plus(tasks)}
	case c.keeps(), c == APIGatewayAsync:
		return shape{before: handler, whole: handler.plus(tasks)}
	case c == SQSAfter:
		return shape{before: handler, whole: handler.plus(handoff)}
	default:
		return shape{before: handler.plus(handoff), whole: handler.plus(handoff)}
	}
}

// workerShape is the function that runs tasks sent elsewhere.
func workerShape(w Workload, c Contestant) shape {
	n := 1
	if c.queues() {
		n = rounds(w.Queue.Batch, w.AtOnce)
		if w.Queue.FIFO { // one group at worst: one message after the other
			n = w.Queue.Batch
		}
	}
	return shape{before: run{rounds: n}, whole: run{rounds: n}}
}

// rounds is how many rounds n tasks take with atOnce side by side.
func rounds(n, atOnce int) int { return (n + atOnce - 1) / atOnce }

// handoffTime is how long a request's sending takes.
func handoffTime(w Workload, c Contestant) time.Duration {
	if !c.sends() {
		return 0
	}
	calls := w.Tasks
	if c.queues() {
		calls = rounds(w.Tasks, sendBatch(w))
	}
	return time.Duration(rounds(calls, w.Handoff.AtOnce)) * w.Handoff.Call
}

// frontLoad is the load of the function that the client reaches.
func frontLoad(w Workload, c Contestant, clk *clock) load {
	l := newLoad(frontShape(w, c), w.Function, clk)
	l.perRequest = whole(1)
	if c == APIGatewayAsync {
		l.queued = true
		// Nobody waits for this function, so there is no response part; and
		// Lambda retries it as a whole: one failed task repeats them all.
		l.tail, l.response = l.tail.add(l.response), rat{}
		failed := 1 - math.Pow(1-w.FailureRate, float64(w.Tasks))
		l.perRequest = attempts(failed, min(w.Retries, asyncRetries))
	}
	if c == Inline || c.keeps() {
		l.retries = retryRounds(w).mul(clk.mean(run{rounds: 1}).add(milliseconds(w.RetryWait)))
		l.held = l.held.add(l.retries)
	}
	return l
}

// workerLoad is the load of the function that runs tasks sent elsewhere.
func workerLoad(w Workload, c Contestant, clk *clock) load {
	if !c.sends() && !c.queues() {
		return load{queued: true}
	}
	l := newLoad(workerShape(w, c), *w.Worker, clk)
	l.queued = true
	if c == Invoke {
		l.perRequest = whole(int64(w.Tasks)).mul(attempts(w.FailureRate, min(w.Retries, asyncRetries)))
	} else {
		l.perRequest = messages(w, c).mul(attempts(w.FailureRate, w.Retries)).div(int64(w.Queue.Batch))
	}
	return l
}

func newLoad(s shape, f Function, clk *clock) load {
	response, all := clk.billed(s.before), clk.billed(s.whole)
	cold, start := decimal(f.ColdStarts), run{fixed: f.Init}
	return load{
		response: response,
		tail:     all.sub(response),
		init:     clk.billed(s.whole.plus(start)).sub(all).mul(cold),
		held:     clk.mean(s.whole).add(milliseconds(f.Init).mul(cold)),
	}
}
