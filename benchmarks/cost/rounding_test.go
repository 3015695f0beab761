package cost

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// naiveBilled forms every combination, as Lambda would meet them.
func naiveBilled(handler, task []time.Duration, r run) rat {
	if !r.handler {
		handler = []time.Duration{0}
	}
	var sum int64
	for _, h := range handler {
		for _, t := range task {
			d := h + time.Duration(r.rounds)*t + r.fixed
			sum += max(1, int64((d+ms-1)/ms))
		}
	}
	return ratio(sum, int64(len(handler)*len(task)))
}

func TestBilledCountsEveryCombination(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	sample := func() []time.Duration {
		d := make([]time.Duration, 1+rng.IntN(40))
		for i := range d {
			switch rng.IntN(4) {
			case 0: // zero
			case 1: // a whole millisecond
				d[i] = time.Duration(rng.IntN(5)) * ms
			case 2: // half of one: sums that end exactly on a millisecond
				d[i] = time.Duration(rng.IntN(9)) * ms / 2
			default:
				d[i] = time.Duration(rng.Int64N(int64(20 * ms)))
			}
		}
		return d
	}
	for range 500 {
		w := Workload{Handler: sample(), Task: sample()}
		r := run{handler: rng.IntN(4) > 0, rounds: rng.IntN(4), fixed: sample()[0]}
		got, want := newClock(w).billed(r), naiveBilled(w.Handler, w.Task, r)
		if got.cmp(want) != 0 {
			t.Fatalf("%+v of %v and %v: billed %s ms, want %s", r, w.Handler, w.Task, got.text(6), want.text(6))
		}
	}
}

func TestBilledEdges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		handler, task time.Duration
		want          string
	}{
		{0, 0, "1"}, // the minimum
		{1, 0, "1"}, // a nanosecond
		{ms, 0, "1"},
		{ms + 1, 0, "2"},
		{ms / 2, ms / 2, "1"},   // two halves are one, not two
		{ms/2 + 1, ms / 2, "2"}, // and a nanosecond more are two
		{ms - 1, ms - 1, "2"},
	} {
		clk := newClock(Workload{Handler: []time.Duration{c.handler}, Task: []time.Duration{c.task}})
		if got := clk.billed(run{handler: true, rounds: 1}).text(3); got != c.want {
			t.Errorf("%v and %v: %s ms, want %s", c.handler, c.task, got, c.want)
		}
	}
}

func TestSamplesAreRoundedOneByOne(t *testing.T) {
	t.Parallel()
	// The mean of 1.1, 1.1 and 1.1 ms is billed as 2 ms, and so is each; but that
	// of 0.1 and 2.1 ms is 1.1, billed 2, while they are billed 1 and 3.
	tenth := ms / 10
	clk := newClock(Workload{Handler: []time.Duration{tenth, tenth, 21 * tenth}, Task: []time.Duration{0}})
	if got := clk.billed(run{handler: true}).text(4); got != "1.6667" { // (1 + 1 + 3)/3
		t.Errorf("billed %s ms, want 1.6667", got)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	w := Workload{Handler: make([]time.Duration, 30), Task: make([]time.Duration, 20)}
	for _, d := range [][]time.Duration{w.Handler, w.Task} {
		for i := range d {
			d[i] = time.Duration(rng.Int64N(int64(50 * ms)))
		}
	}
	var all []time.Duration
	for _, h := range w.Handler {
		for _, x := range w.Task {
			all = append(all, h+2*x+ms)
		}
	}
	slices.Sort(all)
	clk := newClock(w)
	for _, q := range []float64{0.5, 0.9, 0.99, 1} {
		want := all[int(q*600+0.5)-1]
		if got := clk.quantile(q, run{handler: true, rounds: 2, fixed: ms}, 0, 0); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	// Every fiftieth invocation is cold: the 99th percentile is the middle of the
	// cold ones, the 97th is a warm one.
	one := newClock(Workload{Handler: []time.Duration{10 * ms}, Task: []time.Duration{0}})
	for q, want := range map[float64]time.Duration{0.97: 10 * ms, 0.99: 110 * ms} {
		if got := one.quantile(q, run{handler: true}, 0.02, 100*ms); got != want {
			t.Errorf("with cold starts, quantile %v is %v, want %v", q, got, want)
		}
	}
}
