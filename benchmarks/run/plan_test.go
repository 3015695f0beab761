package run

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/workload"
)

func TestRoundsAreInterleaved(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{Load: workload.Load{Shape: workload.Constant, Warmup: 1}, Skip: map[cost.Contestant]string{cost.Inline: "-"}}
	all := cost.Contestants()
	passes := plan(w, all, 3, rand.New(rand.NewPCG(1, 0)))
	n := len(all) - 1
	if len(passes) != 3 {
		t.Fatalf("%d passes for three rounds", len(passes))
	}
	orders := map[string]bool{}
	for i, steps := range passes {
		if len(steps) != 2*n {
			t.Fatalf("%d steps in a pass of %d contestants, a warm-up and a round", len(steps), n)
		}
		for part, round := range []int{warmupRound, i + 1} {
			order, seen := "", map[cost.Contestant]bool{}
			for _, s := range steps[part*n : (part+1)*n] {
				if s.Round != round || seen[s.Contestant] || s.Contestant == cost.Inline {
					t.Errorf("%v in pass %d", s, i)
				}
				seen[s.Contestant] = true
				order += string(s.Contestant) + ";"
			}
			orders[order] = true
		}
	}
	if len(orders) < 2 {
		t.Error("every round has the same order")
	}
	if again := plan(w, all, 3, rand.New(rand.NewPCG(1, 0))); !slices.EqualFunc(passes, again, slices.Equal) {
		t.Error("the same seed makes another plan: a run could not be resumed")
	}
}

func TestRoundsAreSpreadOverThePasses(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{
		Load:     workload.Load{Shape: workload.Constant, Warmup: 1},
		RoundsOf: map[cost.Contestant]int{cost.APIGatewayAsync: 6, cost.Invoke: 3},
	}
	passes := plan(w, cost.Contestants(), 2, rand.New(rand.NewPCG(1, 0)))
	if len(passes) != 6 {
		t.Fatalf("%d passes for six rounds", len(passes))
	}
	in := map[cost.Contestant][]int{} // the passes of each
	for i, steps := range passes {
		warm := map[cost.Contestant]bool{}
		for _, s := range steps {
			if s.Round == warmupRound {
				warm[s.Contestant] = true
				continue
			}
			if !warm[s.Contestant] {
				t.Errorf("%v in pass %d, without a warm-up", s, i)
			}
			if in[s.Contestant] = append(in[s.Contestant], i); s.Round != len(in[s.Contestant]) {
				t.Errorf("%v in pass %d is its number %d", s, i, len(in[s.Contestant]))
			}
			delete(warm, s.Contestant)
		}
		if len(warm) > 0 {
			t.Errorf("warmed up in pass %d for nothing: %v", i, warm)
		}
	}
	for _, c := range cost.Contestants() {
		want := []int{2, 5}
		switch c {
		case cost.APIGatewayAsync:
			want = []int{0, 1, 2, 3, 4, 5}
		case cost.Invoke:
			want = []int{1, 3, 5}
		default:
		}
		if !slices.Equal(in[c], want) {
			t.Errorf("%s takes part in the passes %v, want %v", c, in[c], want)
		}
	}
}

func TestABurstIsNotWarmedUp(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{Load: workload.Load{Shape: workload.Burst, Warmup: 1}}
	for _, s := range plan(w, cost.Contestants(), 1, rand.New(rand.NewPCG(1, 0)))[0] {
		if s.Round == warmupRound {
			t.Errorf("%v", s)
		}
	}
}

// Sending 10 requests at 5/s takes 2 s, the handler 1 s, and 33 tasks in rounds of 16 three
// times 2 s.
func TestEstimateCountsTheTail(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{
		Load: workload.Load{Shape: workload.Constant, Rate: 5, Requests: 10}, Handler: workload.Work{WaitMS: 1000},
		Tasks: 33, Task: workload.Work{WaitMS: 2000},
	}
	if d := estimate(w, 1); d < 9*time.Second || d > 9500*time.Millisecond {
		t.Errorf("%v, want 9 s and a little", d)
	}
}

func TestTheClockGoesOnWhereARunStopped(t *testing.T) {
	t.Parallel()
	started := time.Now().Add(-time.Hour).Round(0)
	c := newClock(started)
	if at := time.Duration(c.at(time.Now())); at < time.Hour || at > time.Hour+time.Minute {
		t.Errorf("now is %v after the start", at)
	}
	if c.at(time.Time{}) != 0 || c.wall(0) != 0 {
		t.Error("never is not 0")
	}
	if at := time.Duration(c.wall(started.Add(time.Second).UnixNano())); at != time.Second {
		t.Errorf("a second after the start is %v", at)
	}
}

func TestABusyMachineIsToldOf(t *testing.T) {
	t.Parallel()
	var quiet, loud bytes.Buffer
	warnIfBusy(&quiet, 0.4)
	warnIfBusy(&loud, 12)
	if quiet.Len() > 0 || !strings.Contains(loud.String(), "12.0") {
		t.Errorf("%q, %q", quiet.String(), loud.String())
	}
}

// What is missing of a pass is run with a warm-up of those it takes, even if one was kept before.
func TestWhatIsMissingOfAPass(t *testing.T) {
	t.Parallel()
	p := &pass{1, &workload.Workload{Name: "w"}, []step{
		{cost.Inline, warmupRound}, {cost.Stream, warmupRound}, {cost.Stream, 1}, {cost.Inline, 1},
	}}
	for _, c := range []struct{ had, missing []step }{
		{nil, p.steps},
		{p.steps[:2], p.steps},
		{p.steps[:3], []step{{cost.Inline, warmupRound}, {cost.Inline, 1}}},
		{p.steps, nil},
	} {
		o := &output{had: map[roundID]bool{}}
		for _, s := range c.had {
			o.had[roundID{"w", s}] = true
		}
		missing, had := p.missing(o)
		if !slices.Equal(missing, c.missing) || len(missing)+len(had) != len(p.steps) {
			t.Errorf("with %v in the file %v is missing, want %v; %v was had", c.had, missing, c.missing, had)
		}
	}
}
