package analysis

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// Check is what the cost model says of a contestant beside what was measured.
type Check struct {
	Workload   string
	Contestant cost.Contestant

	// Billed milliseconds for each request of the client, of both functions, init
	// phases left out: how long a process takes to start says nothing about the
	// model. Of invocations with as many attempts, a quarter is left out at either
	// end: a machine that hangs for a moment is not what is checked.
	BilledModel, BilledMeasured float64
	// Environments of both functions that are busy: on average at the rate of the
	// load, or in a burst at their peaks (of the round in the middle).
	BusyModel, BusyMeasured float64
	Burst                   bool // so they are peaks
	// Skipped is why there is no answer; empty = there is one.
	Skipped string
}

// BilledOff is by which share the model misses the measured billed milliseconds.
func (c Check) BilledOff() float64 { return off(c.BilledModel, c.BilledMeasured) }

// BusyOff is the same for the environments.
func (c Check) BusyOff() float64 { return off(c.BusyModel, c.BusyMeasured) }

func off(model, measured float64) float64 {
	if measured == 0 {
		return 0
	}
	return model/measured - 1
}

// Check holds the model against every cell.
func (r *Results) Check() []Check {
	out := make([]Check, len(r.Cells))
	for i, c := range r.Cells {
		var err error
		if out[i], err = r.check(c); err != nil {
			out[i] = Check{Workload: c.Workload.Name, Contestant: c.Contestant, Skipped: err.Error()}
		}
	}
	return out
}

func (r *Results) check(c *Cell) (Check, error) {
	out := Check{Workload: c.Workload.Name, Contestant: c.Contestant, Burst: c.Workload.Load.Shape == workload.Burst}
	if c.Answered == 0 {
		return out, fmt.Errorf("%w: nothing was answered", ErrNotMeasured)
	}
	w, err := r.Predict(c.Workload.Name, c.Contestant)
	if err != nil {
		return out, err
	}
	// A worker's batch is what the event source mapping happened to find: between
	// two whole numbers, which share the requests.
	batch := c.batch()
	low, high := w, w
	low.Queue.Batch, high.Queue.Batch = int(batch), int(math.Ceil(batch))
	share := 0.0 // of the larger batches, so that the number of invocations is right
	if low.Queue.Batch != high.Queue.Batch {
		l, h := 1/float64(low.Queue.Batch), 1/float64(high.Queue.Batch)
		share = (l - 1/batch) / (l - h)
	}
	for _, part := range []struct {
		w     cost.Workload
		share float64
	}{{low, 1 - share}, {high, share}} {
		billed, err := billedMS(part.w, c.Contestant)
		if err != nil {
			return out, err
		}
		busy, err := busyModel(part.w, c)
		if err != nil {
			return out, err
		}
		out.BilledModel += part.share * billed
		out.BusyModel += part.share * busy
	}
	out.BilledMeasured = c.billedWarm()
	out.BusyMeasured = c.busy()
	return out, nil
}

// billedMS is what the model bills for one request, without init phases.
func billedMS(w cost.Workload, c cost.Contestant) (float64, error) {
	w.Traffic, w.Requests = nil, modelRequests
	bill, err := cost.Estimate(w, c, cost.USEast1())
	if err != nil {
		return 0, err
	}
	gbSeconds := 0.0
	for _, kind := range []cost.Kind{cost.KindResponse, cost.KindTail, cost.KindRetries, cost.KindWorker} {
		gbSeconds += bill.Units(kind).Float64()
	}
	return gbSeconds * 1024 / float64(w.Function.MemoryMB) * 1000 / modelRequests, nil
}

// busyModel is the mean that the model gives for a load that goes on, or the peak
// of a burst.
func busyModel(w cost.Workload, c *Cell) (float64, error) {
	load := c.Workload.Load
	if load.Shape != workload.Burst {
		w.Traffic = cost.Constant(c.rate())
		w.Function.Init = 0 // it was warmed up
		capacity, err := cost.Environments(w, c.Contestant)
		return capacity.Front.Peak + capacity.Worker.Peak, err
	}
	sim, err := cost.SimulateBurst(w, c.Contestant, cost.Burst{
		Rate: load.Rate, For: time.Duration(float64(load.Requests) / load.Rate * float64(time.Second)),
	})
	return float64(sim.Front.Peak + sim.Worker.Peak), err
}

// rate is the mean request rate of a round.
func (c *Cell) rate() float64 {
	load := c.Workload.Load
	if load.Shape == workload.Ramp {
		return (load.Rate + load.To) / 2
	}
	return load.Rate
}

// busy is measured as busyModel is modelled: seconds held by a request times the
// rate, because the mean over a short round contains its beginning and end; or
// the peaks of the round in the middle.
func (c *Cell) busy() float64 {
	if c.Workload.Load.Shape == workload.Burst {
		peaks := make([]int, len(c.Rounds))
		for i, r := range c.Rounds {
			peaks[i] = r.Handler.PeakEnvironments
			if r.Worker != nil {
				peaks[i] += r.Worker.PeakEnvironments
			}
		}
		slices.Sort(peaks)
		return float64(peaks[(len(peaks)-1)/2])
	}
	_, front, worker := c.Steady()
	return front + worker
}

// Steady is the request rate of the cell and how many environments of each
// function it keeps busy when it goes on: the seconds that a request holds them,
// times the rate.
func (c *Cell) Steady() (rate, front, worker float64) {
	held := func(function string) float64 {
		return c.perRequest(func(v record.Invocation) (float64, bool) {
			return float64(v.FrozeNS-v.StartNS) / 1e9, v.Function == function && v.FrozeNS > v.StartNS
		})
	}
	rate = c.rate()
	return rate, rate * held(record.Handler), rate * held(record.Worker)
}

// batch is how many tasks a worker's invocation had on average; 1 without one.
func (c *Cell) batch() float64 {
	if c.Contestant != cost.SQS && c.Contestant != cost.SQSAfter {
		return 1
	}
	tasks, invocations := 0, 0
	for i := range c.Requests {
		q := &c.Requests[i]
		tasks += len(q.Tasks)
		for _, v := range q.Invocations {
			if v.Function == record.Worker {
				invocations++
			}
		}
	}
	return math.Max(1, float64(tasks)/float64(max(1, invocations)))
}

// modelRequests is how many requests the model is asked about.
const modelRequests = 1_000_000

// Predict is Model for one contestant. The duration of a task becomes that of a
// worker's whole invocation where tasks run in one: the share of Lambda and the
// runtime in it is the one that inline's invocations show.
func (r *Results) Predict(name string, c cost.Contestant) (cost.Workload, error) {
	w, err := r.Model(name)
	if err != nil {
		return w, err
	}
	switch c {
	case cost.Invoke, cost.SQS, cost.SQSAfter:
		overhead := r.Cell(name, cost.Inline).overhead()
		task := make([]time.Duration, len(w.Task))
		for i, d := range w.Task {
			task[i] = d + overhead
		}
		w.Task = task
	default:
	}
	return w, nil
}

// overhead is the median time of an invocation outside of handler and tasks.
func (c *Cell) overhead() time.Duration {
	var all []time.Duration
	for i := range c.Requests {
		q := &c.Requests[i]
		if len(q.Invocations) != 1 || q.Invocations[0].Cold || len(q.Tasks) == 0 || retried(q.Tasks) {
			continue
		}
		v := q.Invocations[0]
		whole := time.Duration(v.DurationMS * float64(time.Millisecond))
		all = append(all, whole-time.Duration(v.HandlerEndNS-v.HandlerStartNS)-work(q.Tasks))
	}
	return max(0, median(all))
}

// billedWarm is the mean of the billed milliseconds of a request, of invocations
// that were warm or as if they had been.
func (c *Cell) billedWarm() float64 {
	return c.perRequest(func(v record.Invocation) (float64, bool) {
		if v.InitMS == 0 {
			return float64(v.BilledMS), true
		}
		return math.Max(1, math.Ceil(v.DurationMS)), true
	})
}

// perRequest adds up something of all invocations for each request, by its
// trimmed mean over invocations of one kind times their number.
func (c *Cell) perRequest(of func(record.Invocation) (float64, bool)) float64 {
	// Invocations that ran as many attempts are of one kind: with a retry or a
	// larger batch they take longer for a reason, and are no outliers.
	type kind struct {
		function           string
		attempts, requests int
	}
	values := make(map[kind][]float64)
	for i := range c.Requests {
		q := &c.Requests[i]
		for _, v := range q.Invocations {
			if x, ok := of(v); ok {
				k := kind{v.Function, attempts(q.Tasks, v.RequestID), max(1, v.Requests)}
				values[k] = append(values[k], x)
			}
		}
	}
	sum := 0.0
	for _, all := range values {
		sum += trimmed(all) * float64(len(all)) / float64(len(c.Requests))
	}
	return sum
}

func attempts(tasks []record.Task, invocation string) int {
	n := 0
	for _, t := range tasks {
		if t.RequestID == invocation {
			n++
		}
	}
	return n
}

// trim is the share that is left out at either end of a mean: what remains is the
// interquartile mean.
const trim = 0.25

func trimmed(values []float64) float64 {
	slices.Sort(values)
	n := int(trim * float64(len(values)))
	values = values[n : len(values)-n]
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(1, len(values)))
}
