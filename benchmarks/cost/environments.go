package cost

import (
	"math"
	"math/big"
	"time"
)

// perEnvironment is how many synchronous requests a second one environment
// serves at most; function scaling depends on it for very short handlers
// (Lambda developer guide, "Understanding Lambda function scaling").
const perEnvironment = 10

// overload is the share of the time in which random arrivals may find all
// reserved environments busy.
const overload = 0.001

// Pool is how many environments one function keeps busy. The tail counts: an
// environment that runs tasks behind its response takes no other event.
type Pool struct {
	// Mean and Peak are the average number of busy environments over the month
	// and in its busiest step: arrivals a second times seconds held (Little's
	// law).
	Mean float64 `json:"mean"`
	Peak float64 `json:"peak"`
	// Needed is the number of environments for evenly spaced arrivals at the
	// peak rate.
	Needed int `json:"needed"`
	// Reserved is the reserved concurrency with which random (Poisson) arrivals
	// at the peak rate find a free environment 99.9 % of the time, and Headroom
	// how much of it is there for that alone.
	Reserved int `json:"reserved"`
	Headroom int `json:"headroom"`
}

// Capacity is what a workload keeps busy.
type Capacity struct {
	Front  Pool `json:"front"`  // the function that the client reaches
	Worker Pool `json:"worker"` // the function that runs tasks sent elsewhere; zero if there is none
}

// Concurrency is the reserved concurrency of both functions together, to be
// held against the quota of the account.
func (c Capacity) Concurrency() int { return c.Front.Reserved + c.Worker.Reserved }

// Environments works out how many environments a contestant keeps busy. Errors
// are those of Estimate.
func Environments(w Workload, c Contestant) (Capacity, error) {
	w, err := prepare(w, c)
	if err != nil {
		return Capacity{}, err
	}
	clk := newClock(w)
	if err := possible(w, c, clk); err != nil {
		return Capacity{}, err
	}
	return capacity(w, c, clk), nil
}

func capacity(w Workload, c Contestant, clk *clock) Capacity {
	return Capacity{Front: frontLoad(w, c, clk).pool(w), Worker: workerLoad(w, c, clk).pool(w)}
}

func (l load) pool(w Workload) Pool {
	var peak rat
	w.eachStep(func(rate rat, d time.Duration) {
		if d > 0 && rate.cmp(peak) > 0 {
			peak = rate
		}
	})
	held := l.held.div(1000).mul(l.perRequest) // seconds for each client request
	busy := held.mul(peak)
	mean := held.mul(w.monthly()).quo(seconds(w.Month))

	p := Pool{Mean: mean.float(), Peak: busy.float(), Needed: ceil(busy)}
	if !l.queued {
		p.Needed = max(p.Needed, ceil(peak.mul(l.perRequest).div(perEnvironment)))
	}
	p.Reserved = max(p.Needed, poissonBound(p.Peak))
	p.Headroom = p.Reserved - p.Needed
	return p
}

func ceil(r rat) int {
	v := r.get()
	n := new(big.Int).Add(v.Num(), v.Denom())
	n.Sub(n, big.NewInt(1)).Div(n, v.Denom())
	if !n.IsInt64() || n.Int64() > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(n.Int64())
}

// poissonBound is the smallest n that a Poisson variable of this mean exceeds
// with a probability of at most overload. With random arrivals and an
// environment for everyone, the number of busy environments is Poisson,
// whatever the distribution of the durations.
func poissonBound(mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 1e8 { // the bound is within a millionth of it
		return int(min(mean+4*math.Sqrt(mean), math.MaxInt32))
	}
	above := 0.0
	n := int(mean + 12*math.Sqrt(mean) + 30) // beyond it there is nothing to add
	for ; n > 0; n-- {
		lg, _ := math.Lgamma(float64(n) + 1)
		above += math.Exp(float64(n)*math.Log(mean) - mean - lg) // P(exactly n)
		if above > overload {
			return n // P(more than n) is still within it, P(more than n-1) is not
		}
	}
	return n
}
