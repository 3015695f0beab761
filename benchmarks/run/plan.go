package run

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/load"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// step is one round of one contestant.
type step struct {
	Contestant cost.Contestant `json:"contestant"`
	Round      int             `json:"round"`
}

func (s step) String() string {
	if s.Round == warmupRound {
		return string(s.Contestant) + ", warm-up"
	}
	return fmt.Sprintf("%s, round %d", s.Contestant, s.Round)
}

// plan is the order in which the rounds of one workload are run, pass by pass: first
// the warm-up of those who take part, then a round of each, in an order of its own. A
// machine that grows slower, or has a neighbour for a while, cannot favour anyone.
// There are as many passes as the contestant with the most rounds has; the rounds of the
// others are spread evenly over them.
func plan(w *workload.Workload, contestants []cost.Contestant, usual int, rng *rand.Rand) [][]step {
	var taking []cost.Contestant
	most := 0
	for _, c := range contestants {
		if w.TakesPart(c) {
			taking = append(taking, c)
			most = max(most, rounds(w, c, usual))
		}
	}
	warmed := w.Load.Warmup > 0 && w.Load.Shape != workload.Burst
	passes := make([][]step, most)
	for pass := range passes {
		var warmups, measured []step
		for _, c := range taking {
			round, ok := spread(rounds(w, c, usual), pass, most)
			if !ok {
				continue
			}
			if warmed {
				warmups = append(warmups, step{c, warmupRound})
			}
			measured = append(measured, step{c, round})
		}
		for _, part := range [][]step{warmups, measured} {
			rng.Shuffle(len(part), func(i, k int) { part[i], part[k] = part[k], part[i] })
		}
		passes[pass] = append(warmups, measured...)
	}
	return passes
}

// rounds is how many measured rounds a contestant has.
func rounds(w *workload.Workload, c cost.Contestant, usual int) int {
	return cmp.Or(w.RoundsOf[c], w.Rounds, usual)
}

// spread is which of some rounds is in a pass of many, if any.
func spread(rounds, pass, passes int) (round int, ok bool) {
	round = (pass + 1) * rounds / passes
	return round, round > pass*rounds/passes
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
