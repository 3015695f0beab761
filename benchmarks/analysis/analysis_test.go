package analysis

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/record/recordtest"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// small is a file by hand: two rounds and a warm-up of one contestant.
func small() *record.File {
	w := recordtest.Order()
	w.DeadlineMS = 50
	f := &record.File{Workloads: []record.Workload{{Workload: w}}}
	add := func(round int, warmup bool, ms ...int64) {
		for seq, v := range ms {
			f.Requests = append(f.Requests, record.Request{
				Workload: w.Name, Contestant: "stream", Round: round, Warmup: warmup, Seq: seq,
				IntendedNS: 1e9, SentNS: 1e9 + 5e6, DoneNS: 1e9 + v*1e6, Status: 200,
			})
		}
		f.Rounds = append(f.Rounds, record.Round{
			Workload: w.Name, Contestant: "stream", Round: round, Warmup: warmup, Requests: len(ms), TasksDue: len(ms), TasksDone: len(ms) - 1, TasksLost: 1,
		})
	}
	add(0, true, 900, 900)
	add(1, false, 10, 20, 30)
	add(2, false, 40, 60)
	return f
}

func TestLatencyCountsFromTheIntendedStartAndWithoutWarmUp(t *testing.T) {
	t.Parallel()
	f := small()
	f.Requests = append(f.Requests, record.Request{Workload: "order", Contestant: "stream", Round: 2, Seq: 9, IntendedNS: 1, DoneNS: 2, Status: 500, Error: "boom"})
	c := Of(f).Cell("order", cost.Stream)
	want := []time.Duration{10e6, 20e6, 30e6, 40e6, 60e6}
	if got := c.All(); !slices.Equal(got, want) {
		t.Errorf("latencies %v, want %v", got, want)
	}
	if c.Answered != 5 || c.Errors != 1 || c.Late != 1 || c.TasksDue != 5 || c.TasksLost != 2 {
		t.Errorf("%d answered, %d errors, %d late, %d of %d tasks lost", c.Answered, c.Errors, c.Late, c.TasksLost, c.TasksDue)
	}
	if m := c.Median(); m.Value != 0.030 || m.Low > m.Value || m.High < m.Value {
		t.Errorf("median %+v", m)
	}
}

func TestATaskThatFailedIsNotLost(t *testing.T) {
	t.Parallel()
	f := small()
	q := &f.Requests[2] // round 1
	q.Tasks = []record.Task{{ID: 0, Attempt: 1, Outcome: record.Failed}, {ID: 0, Attempt: 2, Outcome: record.Failed}}
	c := Of(f).Cell("order", cost.Stream)
	if c.TasksFailed != 1 || c.TasksLost != 1 {
		t.Errorf("%d failed and %d lost, want one of each", c.TasksFailed, c.TasksLost)
	}
}

func TestPercentilesAreThoseOfTheValues(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := 1; i <= 10_000; i++ {
		all = append(all, time.Duration(i)*time.Millisecond)
	}
	h := NewHistogram(all)
	for p, want := range map[float64]time.Duration{50: 5 * time.Second, 99: 9900 * time.Millisecond, 99.9: 9990 * time.Millisecond, 100: 10 * time.Second} {
		if got := h.At(p); math.Abs(float64(got-want)) > 0.001*float64(want) {
			t.Errorf("percentile %v is %v, want %v to three digits", p, got, want)
		}
	}
	var n int64
	for _, b := range h.Bins() {
		n += b.Count
	}
	if n != 10_000 || h.Count() != 10_000 {
		t.Errorf("bins hold %d of %d", n, h.Count())
	}
	if h := NewHistogram([]time.Duration{-5, 0, time.Hour}); h.Clipped != 3 || h.Count() != 3 {
		t.Errorf("%d values, %d clipped", h.Count(), h.Clipped)
	}
	if NewHistogram(nil).At(99) != 0 {
		t.Error("a percentile of nothing")
	}
}

func TestIntervalsGrowWithTheDifferenceBetweenRounds(t *testing.T) {
	t.Parallel()
	round := func(ms int) (out []time.Duration) {
		for i := range 50 {
			out = append(out, time.Duration(ms)*time.Millisecond+time.Duration(i)*time.Microsecond)
		}
		return out
	}
	span := func(rounds [][]time.Duration) float64 {
		i := interval(0, Medians(rounds, 1))
		return i.High - i.Low
	}
	even := span([][]time.Duration{round(20), round(20), round(20)})
	uneven := span([][]time.Duration{round(20), round(25), round(30)})
	if even > 0.0001 || uneven < 0.004 {
		t.Errorf("interval of equal rounds %v, of unequal ones %v: rounds are not drawn", even, uneven)
	}
	if Medians(nil, 1) != nil || Medians([][]time.Duration{{}}, 1) != nil {
		t.Error("medians of nothing")
	}
}

func TestTheModelSplitsInlineIntoHandlerAndTask(t *testing.T) {
	t.Parallel()
	r := Of(recordtest.File(recordtest.Options{}))
	w, err := r.Model("order")
	if err != nil {
		t.Fatal(err)
	}
	mean := func(d []time.Duration) time.Duration {
		var sum time.Duration
		for _, v := range d {
			sum += v
		}
		return sum / time.Duration(len(d))
	}
	// The generator makes handlers of 20 ms with a share of Lambda's around them,
	// and tasks of 300 ms with noise of a few percent.
	if h, task := mean(w.Handler), mean(w.Task); h < 20*time.Millisecond || h > 25*time.Millisecond || task < 300*time.Millisecond || task > 330*time.Millisecond {
		t.Errorf("handler %v, task %v", h, task)
	}
	if w.Function.Init < 5*time.Millisecond || w.Function.Init > 10*time.Millisecond {
		t.Errorf("init %v, generated as 6 ms", w.Function.Init)
	}
	only := Of(recordtest.File(recordtest.Options{Contestants: []cost.Contestant{cost.Stream}}))
	if _, err := only.Model("order"); !errors.Is(err, ErrNotMeasured) {
		t.Errorf("without inline: %v", err)
	}
}

func TestDeclaredKeepsTheWorkload(t *testing.T) {
	t.Parallel()
	one := recordtest.Order()
	one.FailOneIn, one.Attempts, one.RetryWaitMS, one.RequestBytes = 4, 3, 20, 1000
	w := Declared(record.Workload{Workload: one})
	if w.FailureRate != 0.25 || w.Retries != 2 || w.RetryWait != 20*time.Millisecond || w.AtOnce != workload.DefaultAtOnce || w.RequestBytes != 1000 || w.TaskBytes != 900 {
		t.Errorf("%+v", w)
	}
	if _, err := cost.Estimate(w, cost.SQS, cost.USEast1()); err != nil {
		t.Error(err)
	}
}

func TestTypicalIsWarmAndWhole(t *testing.T) {
	t.Parallel()
	for _, c := range Of(recordtest.File(recordtest.Options{})).Cells {
		q := c.Typical()
		if q == nil {
			t.Fatalf("%s on %s has no typical request", c.Contestant, c.Workload.Name)
		}
		if cold(q) {
			t.Errorf("%s on %s: a cold start is typical", c.Contestant, c.Workload.Name)
		}
		if c.TasksLost == 0 && doneTasks(q) < c.Workload.Tasks {
			t.Errorf("%s on %s: lost tasks are typical", c.Contestant, c.Workload.Name)
		}
	}
}

func TestWhatNobodyWroteIsEmpty(t *testing.T) {
	t.Parallel()
	r := Of(&record.File{})
	if len(r.Cells) > 0 || len(r.Workloads()) > 0 || r.Cell("x", cost.SQS) != nil || len(r.Check()) > 0 {
		t.Errorf("%+v", r)
	}
	c := &Cell{}
	if c.Typical() != nil || c.TaskEnd() != 0 || c.Median() != (Interval{}) {
		t.Error("numbers of nothing")
	}
}
