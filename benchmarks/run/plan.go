package run

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/load"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// step is one round of one contestant.
type step struct {
	contestant cost.Contestant
	round      int
}

func (s step) String() string {
	if s.round == warmupRound {
		return string(s.contestant) + ", warm-up"
	}
	return fmt.Sprintf("%s, round %d", s.contestant, s.round)
}

// plan is the order in which the rounds of one workload are run, pass by pass: first
// the warm-up of every contestant, then a round of each, in an order of its own. A
// machine that grows slower, or has a neighbour for a while, cannot favour anyone.
// With RoundsPerPass a contestant has several in a pass, numbered on.
func plan(w *workload.Workload, contestants []cost.Contestant, rounds int, rng *rand.Rand) [][]step {
	var taking []cost.Contestant
	for _, c := range contestants {
		if w.TakesPart(c) {
			taking = append(taking, c)
		}
	}
	warmed := w.Load.Warmup > 0 && w.Load.Shape != workload.Burst
	passes := make([][]step, rounds)
	for pass := range passes {
		var measured []step
		for _, c := range taking {
			if warmed {
				passes[pass] = append(passes[pass], step{c, warmupRound})
			}
			n := max(1, w.RoundsPerPass[c])
			for i := range n {
				measured = append(measured, step{c, pass*n + i + 1})
			}
		}
		for _, part := range [][]step{passes[pass], measured} {
			rng.Shuffle(len(part), func(i, k int) { part[i], part[k] = part[k], part[i] })
		}
		passes[pass] = append(passes[pass], measured...)
	}
	return passes
}

// estimate is about how long a round takes: the load, and the work behind its last
// request.
func estimate(w *workload.Workload, round int) time.Duration {
	if round == warmupRound {
		return 500 * time.Millisecond // they run at the same time
	}
	atOnce := w.AtOnce
	if atOnce == 0 {
		atOnce = workload.DefaultAtOnce
	}
	tail := time.Duration((w.Tasks+atOnce-1)/atOnce) * w.Task.Duration()
	const overhead = 150 * time.Millisecond // of any round: preparing, collecting, writing
	return load.Lasts(w.Load, w.Load.Requests) + w.Handler.Duration() + tail + overhead
}
