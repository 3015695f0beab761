package cost

import (
	"math/big"
	"slices"
	"sort"
	"time"
)

// run is the shape of an invocation's duration: a handler sample (if handler is
// set), rounds times a task sample, and a fixed part.
type run struct {
	handler bool
	rounds  int
	fixed   time.Duration
}

func (r run) plus(o run) run {
	return run{handler: r.handler || o.handler, rounds: r.rounds + o.rounds, fixed: r.fixed + o.fixed}
}

// clock knows the samples of a workload and remembers what it worked out: a
// search for a break-even asks the same question hundreds of times.
type clock struct {
	handler, task []time.Duration
	memo          map[run]rat
}

func newClock(w Workload) *clock {
	return &clock{handler: w.Handler, task: w.Task, memo: make(map[run]rat)}
}

// times reports whether the clock was made for these samples.
func (c *clock) times(w Workload) bool {
	return same(c.handler, w.Handler) && same(c.task, w.Task)
}

func same(a, b []time.Duration) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

// parts returns the two sample lists of a run, the task's scaled and shifted.
func (c *clock) parts(r run) (a, b []time.Duration) {
	a, b = []time.Duration{0}, []time.Duration{r.fixed}
	if r.handler {
		a = c.handler
	}
	if r.rounds > 0 {
		b = make([]time.Duration, len(c.task))
		for i, t := range c.task {
			b[i] = time.Duration(r.rounds)*t + r.fixed
		}
	}
	return a, b
}

// mean is the mean duration in milliseconds, not rounded.
func (c *clock) mean(r run) rat {
	a, b := c.parts(r)
	return average(a).add(average(b))
}

func average(d []time.Duration) rat {
	sum := new(big.Int)
	for _, v := range d {
		sum.Add(sum, big.NewInt(int64(v)))
	}
	return ofInt(sum).div(int64(len(d)) * int64(time.Millisecond))
}

// billed is the mean of the billed milliseconds: every combination of a handler
// and a task sample is rounded up by itself, and none is billed less than 1 ms.
//
// The mean of rounded values is not the rounded mean, and with a thousand
// samples of each there are a million combinations. They need not be formed:
// a sum rounds up by 0, 1 or 2 ms depending only on the parts below a
// millisecond, and sorting those lets the pairs be counted.
func (c *clock) billed(r run) rat {
	if v, ok := c.memo[r]; ok {
		return v
	}
	a, b := c.parts(r)
	ams, afrac := split(a)
	bms, bfrac := split(b)
	na, nb := int64(len(a)), int64(len(b))

	total := new(big.Int).Add(
		new(big.Int).Mul(ams, big.NewInt(nb)),
		new(big.Int).Mul(bms, big.NewInt(na)),
	)
	azero, bzero := zeros(afrac), zeros(bfrac)
	total.Add(total, big.NewInt(na*nb-azero*bzero)) // a fraction: one more
	j := len(bfrac)
	for _, f := range afrac { // ascending, so j only falls
		for j > 0 && f+bfrac[j-1] > time.Millisecond {
			j--
		}
		total.Add(total, big.NewInt(nb-int64(j))) // fractions above 1 ms together: two more
	}
	total.Add(total, big.NewInt(nothing(a)*nothing(b))) // the minimum
	v := ofInt(total).div(na).div(nb)
	c.memo[r] = v
	return v
}

// split returns the sum of whole milliseconds and the sorted rests.
func split(d []time.Duration) (*big.Int, []time.Duration) {
	sum, rest := new(big.Int), make([]time.Duration, len(d))
	for i, v := range d {
		sum.Add(sum, big.NewInt(int64(v/time.Millisecond)))
		rest[i] = v % time.Millisecond
	}
	slices.Sort(rest)
	return sum, rest
}

func zeros(sorted []time.Duration) int64 {
	return int64(sort.Search(len(sorted), func(i int) bool { return sorted[i] > 0 }))
}

func nothing(d []time.Duration) int64 {
	var n int64
	for _, v := range d {
		if v == 0 {
			n++
		}
	}
	return n
}

// longest is the longest duration a run can take.
func (c *clock) longest(r run) time.Duration {
	a, b := c.parts(r)
	return slices.Max(a) + slices.Max(b)
}

// quantile is the smallest duration that at least the share q of invocations
// stay within, when a share cold of them begins with an init phase.
func (c *clock) quantile(q float64, r run, cold float64, init time.Duration) time.Duration {
	a, b := c.parts(r)
	slices.Sort(b) // b is a copy or a single value
	a = slices.Clone(a)
	slices.Sort(a)
	within := func(limit time.Duration) float64 {
		var n int64
		j := len(b)
		for _, v := range a {
			for j > 0 && v+b[j-1] > limit {
				j--
			}
			n += int64(j)
		}
		return float64(n) / float64(len(a)) / float64(len(b))
	}
	lo, hi := time.Duration(-1), a[len(a)-1]+b[len(b)-1]+init
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		// 1e-12: the sum of the two shares may fall short of q by rounding.
		if (1-cold)*within(mid)+cold*within(mid-init) >= q-1e-12 {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}
