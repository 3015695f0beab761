package run

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// plan is the order in which the rounds of one workload are run: first the warm-up of
// every contestant, then round after round, each in an order of its own. A machine
// that grows slower, or has a neighbour for a while, cannot favour anyone.
func plan(w *workload.Workload, contestants []cost.Contestant, rounds int, rng *rand.Rand) []step {
	var taking []cost.Contestant
	for _, c := range contestants {
		if w.TakesPart(c) {
			taking = append(taking, c)
		}
	}
	first := 1
	if w.Load.Warmup > 0 && w.Load.Shape != workload.Burst {
		first = warmupRound
	}
	var steps []step
	for round := first; round <= rounds; round++ {
		order := slices.Clone(taking)
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, c := range order {
			steps = append(steps, step{c, round})
		}
	}
	return steps
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
