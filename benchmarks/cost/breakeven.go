package cost

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Parameter is a property of a workload that BreakEven varies, in whole steps:
// a crossing is exact to one of them.
type Parameter struct {
	Name string // "task duration"
	Unit string // "ms"
	min  int64
	max  int64
	set  func(*Workload, int64)
}

// The parameters that can be varied. They are values to pass on, not settings.
var (
	// TaskDuration replaces the samples of a task by one duration, in steps of a
	// millisecond, up to 15 minutes.
	TaskDuration = Parameter{
		Name: "task duration", Unit: "ms", min: 0, max: MaxTimeout.Milliseconds(),
		set: func(w *Workload, v int64) { w.Task = []time.Duration{time.Duration(v) * time.Millisecond} },
	}
	// Memory is the memory of Workload.Function, in MB, and with it that of a
	// worker which is not configured by itself. Durations stay as they are.
	Memory = Parameter{
		Name: "memory", Unit: "MB", min: MinMemoryMB, max: MaxMemoryMB,
		set: func(w *Workload, v int64) { w.Function.MemoryMB = int(v) },
	}
	// RequestsPerMonth is the number of client requests a month, evenly spread.
	RequestsPerMonth = Parameter{
		Name: "monthly traffic", Unit: "requests", min: 0, max: maxRequests,
		set: func(w *Workload, v int64) { w.Requests, w.Traffic = v, nil },
	}
)

// Crossing is a point at which another contestant becomes the cheapest.
type Crossing struct {
	Parameter string `json:"parameter"`
	Unit      string `json:"unit"`
	// From is the first value at which Cheaper is cheapest; at the step below it
	// was Was. Empty = none of the compared contestants can carry the workload.
	From    int64      `json:"from"`
	Was     Contestant `json:"was"`
	Cheaper Contestant `json:"cheaper"`
}

// String is a sentence: "from 740 ms of task duration on, sqs is cheaper than
// extension".
func (c Crossing) String() string {
	switch {
	case c.Cheaper == "":
		return fmt.Sprintf("from %s %s of %s on, none is possible", grouped(c.From), c.Unit, c.Parameter)
	case c.Was == "":
		return fmt.Sprintf("from %s %s of %s on, %s is the cheapest that is possible", grouped(c.From), c.Unit, c.Parameter, c.Cheaper)
	default:
		return fmt.Sprintf("from %s %s of %s on, %s is cheaper than %s", grouped(c.From), c.Unit, c.Parameter, c.Cheaper, c.Was)
	}
}

// grid is the number of points at which a range is looked at before crossings
// are narrowed down.
const grid = 64

// BreakEven returns the values of a parameter between from and to, both
// included, at which the cheaper of two contestants changes. A contestant that
// cannot carry the workload at some value (a task longer than its timeout)
// loses there.
//
// The sums have a kink wherever a tier, a chunk or a millisecond begins, so there
// is no formula for their crossing. The range is looked at in 64 places, evenly
// and geometrically spaced, and each change between two of them is bisected to
// the single step at which it happens, with exact sums: no tolerance, and the
// crossing is where it says. Two changes between neighbouring places that
// cancel out are not seen.
//
// The error wraps ErrRange for an empty range or one that leaves the limits of
// the parameter, or is one of Estimate's other than ErrImpossible.
func BreakEven(w Workload, a, b Contestant, p Prices, v Parameter, from, to int64) ([]Crossing, error) {
	return crossings(w, []Contestant{a, b}, p, v, from, to)
}

// crossings is BreakEven for any number of contestants; of equally cheap ones
// the first wins.
func crossings(w Workload, among []Contestant, p Prices, v Parameter, from, to int64) ([]Crossing, error) {
	if v.set == nil {
		return nil, fmt.Errorf("%w: use TaskDuration, Memory or RequestsPerMonth as the parameter", ErrRange)
	}
	if from > to || from < v.min || to > v.max {
		return nil, fmt.Errorf("%w: %s from %d to %d %s: the limits are %d and %d", ErrRange, v.Name, from, to, v.Unit, v.min, v.max)
	}
	s := search{w: w, among: among, prices: p, vary: v, known: make(map[int64]Contestant)}
	var found []Crossing
	last := from
	for _, x := range gridPoints(from, to) {
		more, err := s.between(last, x)
		if err != nil {
			return nil, err
		}
		found, last = append(found, more...), x
	}
	return found, nil
}

// gridPoints are the points of the grid, ascending, both ends included.
func gridPoints(from, to int64) []int64 {
	points := []int64{from, to}
	for i := 1; i < grid/2; i++ {
		f := float64(i) / (grid / 2)
		points = append(points, from+int64(f*float64(to-from)))
		points = append(points, from+int64(math.Expm1(f*math.Log1p(float64(to-from)))))
	}
	slices.Sort(points)
	return slices.Compact(points)
}

// search remembers who is cheapest where, and the roundings of the samples.
type search struct {
	w      Workload
	among  []Contestant
	prices Prices
	vary   Parameter
	known  map[int64]Contestant
	clk    *clock
}

// between finds the changes from lo to hi. Each half is searched only if its
// ends differ, so a third contestant that wins in the middle is found when the
// bisection steps on it.
func (s *search) between(lo, hi int64) ([]Crossing, error) {
	a, err := s.cheapest(lo)
	if err != nil {
		return nil, err
	}
	b, err := s.cheapest(hi)
	if err != nil || a == b {
		return nil, err
	}
	if hi-lo == 1 {
		return []Crossing{{Parameter: s.vary.Name, Unit: s.vary.Unit, From: hi, Was: a, Cheaper: b}}, nil
	}
	mid := lo + (hi-lo)/2
	left, err := s.between(lo, mid)
	if err != nil {
		return nil, err
	}
	right, err := s.between(mid, hi)
	return append(left, right...), err
}

// cheapest is the contestant with the lowest total at a value, or none.
func (s *search) cheapest(x int64) (Contestant, error) {
	if c, ok := s.known[x]; ok {
		return c, nil
	}
	w := s.w
	s.vary.set(&w, x)
	var best Contestant
	var low USD
	for _, c := range s.among {
		n, err := prepare(w, c)
		if err != nil {
			return "", err
		}
		if s.clk == nil || !s.clk.times(n) {
			s.clk = newClock(n)
		}
		bill, err := estimate(n, c, s.prices, s.clk)
		if errors.Is(err, ErrImpossible) {
			continue
		}
		if err != nil {
			return "", err
		}
		if total := bill.Total(); best == "" || total.Cmp(low) < 0 {
			best, low = c, total
		}
	}
	s.known[x] = best
	return best, nil
}
