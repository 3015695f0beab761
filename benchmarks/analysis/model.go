package analysis

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// ErrNotMeasured is wrapped when a file lacks what a question needs.
var ErrNotMeasured = errors.New("analysis: not measured")

// envelope is about what an envelope adds to the input of a task, in bytes.
const envelope = 400

// maxSamples bounds the durations that go into a model: the exact mean over
// thousands of combinations costs more than it tells.
const maxSamples = 500

// Model is the workload of the cost model that corresponds to a measured one.
//
// Its durations are those of the inline contestant, the function as it is before
// anybody offloads anything: the time of its tasks, and what is left of its
// invocations as the handler, Lambda's and the runtime's share included. What a
// call takes that sends tasks was timed by the sqs contestant. So what the model
// says of the other contestants is a prediction, not an echo. Without the
// inline contestant the error wraps ErrNotMeasured; use Declared then.
//
// Requests or Traffic are left to the caller, except that Traffic is set to the
// rate of the measurement.
func (r *Results) Model(name string) (cost.Workload, error) {
	inline := r.Cell(name, cost.Inline)
	if inline == nil {
		return cost.Workload{}, fmt.Errorf("%w: workload %q has no %s rounds", ErrNotMeasured, name, cost.Inline)
	}
	w := Declared(inline.Workload)
	handler, task := inline.parts(rounds(w))
	if len(handler) == 0 {
		return cost.Workload{}, fmt.Errorf("%w: no invocation of %s on %q came to its end", ErrNotMeasured, cost.Inline, name)
	}
	w.Handler, w.Task = thin(handler), thin(task)
	w.Function.Init = r.init(name)
	w.Handoff.Call = r.handoff(name)
	if wait, ok := inline.retryWait(); ok {
		w.RetryWait = wait
	}
	return w, nil
}

// Declared is the workload as its file describes it, with durations that nothing
// slows down.
func Declared(w record.Workload) cost.Workload {
	out := cost.Workload{
		Traffic:      cost.Constant(w.Load.Rate),
		Function:     cost.Function{MemoryMB: w.MemoryMB, Timeout: time.Duration(w.TimeoutMS) * time.Millisecond},
		Handler:      []time.Duration{w.Handler.Duration()},
		Task:         []time.Duration{w.Task.Duration()},
		Tasks:        w.Tasks,
		AtOnce:       w.AtOnce,
		RetryWait:    time.Duration(w.RetryWaitMS) * time.Millisecond,
		RequestBytes: int64(w.RequestBytes), ResponseBytes: int64(w.ResponseBytes),
		TaskBytes: int64(w.TaskBytes) + envelope,
		// One binary that is its own worker polls one message at a time when its
		// queue is quiet.
		Queue: cost.Queue{Batch: 1},
	}
	if out.AtOnce == 0 {
		out.AtOnce = workload.DefaultAtOnce
	}
	if w.FailOneIn > 0 {
		out.FailureRate, out.Retries = 1/float64(w.FailOneIn), max(w.Attempts, 1)-1
	}
	return out
}

// rounds is how many rounds the tasks of a request take, retries included.
func rounds(w cost.Workload) int {
	if w.Tasks == 0 {
		return 0
	}
	return (w.Tasks + w.AtOnce - 1) / w.AtOnce
}

// parts splits the invocations of an inline function into handler and task: the
// tasks take from the start of the first to the end of the last one.
func (c *Cell) parts(rounds int) (handler, task []time.Duration) {
	for i := range c.Requests {
		q := &c.Requests[i]
		if len(q.Invocations) != 1 || q.Invocations[0].Cold || q.Invocations[0].Status != "success" {
			continue
		}
		whole := time.Duration(q.Invocations[0].DurationMS * float64(time.Millisecond))
		if rounds == 0 || len(q.Tasks) == 0 {
			handler = append(handler, whole)
			continue
		}
		busy := work(q.Tasks)
		if busy > whole || retried(q.Tasks) {
			continue // two clocks; or waits before retries, which the model counts by itself
		}
		handler = append(handler, whole-busy)
		task = append(task, busy/time.Duration(rounds))
	}
	return handler, task
}

// work is the time from the start of the first task to the end of the last one.
func work(t []record.Task) time.Duration {
	return time.Duration(lastEnd(t) - firstStart(t))
}

func retried(t []record.Task) bool {
	return slices.ContainsFunc(t, func(t record.Task) bool { return t.Attempt > 1 })
}

// retryWait is the trimmed mean of the waits before retries in the process, and
// whether there were any.
func (c *Cell) retryWait() (time.Duration, bool) {
	type attempt struct {
		task       int
		invocation string // a queue's or Lambda's retries are in others
	}
	var waits []time.Duration
	for i := range c.Requests {
		ended := make(map[attempt]int64)
		for _, t := range c.Requests[i].Tasks {
			a := attempt{t.ID, t.RequestID}
			if before, again := ended[a]; again {
				waits = append(waits, time.Duration(t.StartNS-before))
			}
			ended[a] = t.EndNS
		}
	}
	return max(0, mean(thin(waits))), len(waits) > 0
}

// thin sorts durations, leaves out the ends of a kind, and takes few of a long list.
func thin(d []time.Duration) []time.Duration {
	d = slices.Sorted(slices.Values(d))
	n := int(trim * float64(len(d)))
	return few(d[n : len(d)-n])
}

// few sorts durations and takes evenly spaced ones of a long list.
func few(d []time.Duration) []time.Duration {
	d = slices.Sorted(slices.Values(d))
	if len(d) <= maxSamples {
		return d
	}
	out := make([]time.Duration, maxSamples)
	for i := range out {
		out[i] = d[(2*i+1)*len(d)/(2*maxSamples)]
	}
	return out
}

// init is the median of the init phases of the front function.
func (r *Results) init(name string) time.Duration {
	var all []time.Duration
	for _, c := range r.Of(name) {
		for i := range c.Requests {
			for _, v := range c.Requests[i].Invocations {
				if v.Cold && v.Function == record.Handler {
					all = append(all, time.Duration(v.InitMS*float64(time.Millisecond)))
				}
			}
		}
	}
	return median(all)
}

// handoff is the median of the calls of the sqs contestant that sent tasks; zero
// if there was none.
func (r *Results) handoff(name string) time.Duration {
	sqs := r.Cell(name, cost.SQS)
	if sqs == nil {
		return 0
	}
	var all []time.Duration
	for i := range sqs.Requests {
		for _, v := range sqs.Requests[i].Invocations {
			for _, s := range v.Sends {
				all = append(all, time.Duration(s.EndNS-s.StartNS))
			}
		}
	}
	return median(all)
}
