package analysis

import (
	"math"
	"slices"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// rate is the mean request rate of a round.
func (c *Cell) rate() float64 {
	load := c.Workload.Load
	if load.Shape == workload.Ramp {
		return (load.Rate + load.To) / 2
	}
	return load.Rate
}

// busy is how many environments the cell needed: seconds held by a request times the
// rate, because the mean over a short round contains its beginning and end. In a
// burst from cold it is how many were made, in the middle one of the rounds: all that
// were busy at the same time, init phases included.
func (c *Cell) busy() float64 {
	if c.Workload.Load.Shape == workload.Burst {
		made := make([]float64, 0, len(c.Rounds))
		for _, r := range c.Rounds {
			environments := r.Handler.Environments
			if r.Worker != nil {
				environments += r.Worker.Environments
			}
			made = append(made, float64(environments))
		}
		return median(made)
	}
	_, front, worker := c.Steady()
	return front + worker
}

// Steady is the request rate of the cell and how many environments of each
// function it keeps busy when it goes on: the seconds that a request holds them,
// times the rate.
func (c *Cell) Steady() (rate, front, worker float64) {
	held := func(function string) float64 {
		return c.perRequest(func(v *record.Invocation) (float64, bool) {
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

// billedWarm is the mean of the billed milliseconds of a request, of invocations
// that were warm or as if they had been.
func (c *Cell) billedWarm() float64 {
	return c.perRequest(func(v *record.Invocation) (float64, bool) {
		if v.InitMS == 0 {
			return float64(v.BilledMS), true
		}
		return math.Max(1, math.Ceil(v.DurationMS)), true
	})
}

// perRequest adds up something of all invocations for each request: of each kind
// the mean over its middle times their number.
func (c *Cell) perRequest(of func(*record.Invocation) (float64, bool)) float64 {
	sum := 0.0
	for _, k := range c.kinds() {
		total, n := 0.0, 0
		for _, one := range k.middle() {
			if x, ok := of(one.invocation); ok {
				total += x
				n++
			}
		}
		if n > 0 {
			sum += total / float64(n) * float64(len(k)) / float64(len(c.Requests))
		}
	}
	return sum
}

// sent is when the requests of a round left, from the first on.
func (c *Cell) sent(round int) []time.Duration {
	at := []time.Duration{}
	for i := range c.Requests {
		if q := &c.Requests[i]; q.Round == round && q.SentNS != 0 {
			at = append(at, time.Duration(q.SentNS))
		}
	}
	slices.Sort(at)
	for i := len(at) - 1; i >= 0; i-- {
		at[i] -= at[0]
	}
	return at
}
