package analysis

import (
	"fmt"
	"math"
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
	// model. Of invocations of one kind, a quarter is left out at either end: a
	// machine that hangs for a moment is not what is checked.
	//
	// BilledModel is with the durations of the contestant's own rounds (see
	// Predict): whether the model adds up what Lambda bills. BilledInline is with
	// those of inline (see Model): how near it comes for who has measured nothing
	// else, on a machine that was as fast for both.
	BilledModel, BilledMeasured float64
	BilledInline                float64
	// Environments of both functions that are needed: busy on average at the rate
	// of the load, or made for a burst from cold (the median of the rounds, for the same reason).
	BusyModel, BusyMeasured float64
	Burst                   bool
	// Skipped is why there is no answer; empty = there is one.
	Skipped string
}

// BilledOff is by which share the model misses the measured billed milliseconds.
func (c Check) BilledOff() float64 { return off(c.BilledModel, c.BilledMeasured) }

// InlineOff is the same with the durations of inline.
func (c Check) InlineOff() float64 { return off(c.BilledInline, c.BilledMeasured) }

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
	inline, err := r.fromInline(c.Workload.Name, c.Contestant)
	if err != nil {
		return out, err
	}
	for _, part := range c.batches() {
		w.Queue.Batch, inline.Queue.Batch = part.size, part.size
		billed, err := billedMS(w, c.Contestant)
		if err != nil {
			return out, err
		}
		predicted, err := billedMS(inline, c.Contestant)
		if err != nil {
			return out, err
		}
		busy, err := r.busyModel(w, c)
		if err != nil {
			return out, err
		}
		out.BilledModel += part.share * billed
		out.BilledInline += part.share * predicted
		out.BusyModel += part.share * busy
	}
	out.BilledMeasured = c.billedWarm()
	out.BusyMeasured = c.busy()
	return out, nil
}

// batched is a share of the requests whose messages travel in batches of a size.
type batched struct {
	size  int
	share float64
}

// batches are the sizes between which the mean of the measured ones lies: what
// an event source mapping happened to find. Their shares make the number of
// invocations right.
func (c *Cell) batches() []batched {
	batch := c.batch()
	low, high := math.Floor(batch), math.Ceil(batch)
	if low == high {
		return []batched{{int(low), 1}}
	}
	larger := (1/low - 1/batch) / (1/low - 1/high)
	return []batched{{int(low), 1 - larger}, {int(high), larger}}
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

// busyModel is the mean that the model gives for a load that goes on, or how many
// environments a burst makes: the median of the rounds.
func (r *Results) busyModel(w cost.Workload, c *Cell) (float64, error) {
	if c.Workload.Load.Shape != workload.Burst {
		w.Traffic = cost.Constant(c.rate())
		w.Function.Init = 0 // it was warmed up
		capacity, err := cost.Environments(w, c.Contestant)
		return capacity.Front.Peak + capacity.Worker.Peak, err
	}
	made := make([]float64, 0, len(c.Rounds))
	for _, round := range c.Rounds {
		sim, err := r.burst(w, c, round.Round)
		if err != nil {
			return 0, err
		}
		made = append(made, float64(sim.Front.ColdStarts+sim.Worker.ColdStarts))
	}
	return median(made), nil
}

// burst simulates one round, with the durations of its requests and of its init
// phases one by one, and when its requests were sent: it is a round's own slow
// moments that make environments.
func (r *Results) burst(w cost.Workload, c *Cell, round int) (cost.BurstResult, error) {
	own := r.durations(c, w)
	c.each(func(q *record.Request, one ran) {
		if q.Round == round {
			own.add(one)
		}
	})
	w = own.into(w, func(d []time.Duration) []time.Duration { return d })
	return cost.SimulateBurst(w, c.Contestant, cost.Burst{
		At: c.sent(round), Inits: c.inits(record.Handler, round), WorkerInits: c.inits(record.Worker, round),
	})
}

// modelRequests is how many requests the model is asked about.
const modelRequests = 1_000_000
