package cost

import (
	"errors"
	"math"
	"testing"
	"time"
)

func capacityOf(t *testing.T, w Workload, c Contestant) Capacity {
	t.Helper()
	got, err := Environments(w, c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

func TestLittlesLawCountsTheTail(t *testing.T) {
	t.Parallel()
	// 50/s, handler 20 ms, three tasks of 300 ms one after the other, one hand-off
	// call of 4 ms; cold starts in one of a hundred, 100 ms.
	w := Workload{
		Traffic:  Constant(50),
		Function: Function{MemoryMB: 1024, Init: 100 * ms, ColdStarts: 0.01},
		Handler:  []time.Duration{20 * ms}, Task: []time.Duration{300 * ms}, Tasks: 3, AtOnce: 1,
		Handoff: Handoff{Call: 4 * ms}, Queue: Queue{Batch: 5},
	}
	for c, want := range map[Contestant]struct{ front, worker float64 }{
		Inline:          {50 * 0.921, 0}, // 20 + 900 + 0.01 * 100 ms
		Stream:          {50 * 0.921, 0}, // the same: the tail counts
		Extension:       {50 * 0.921, 0},
		APIGatewayAsync: {50 * 0.921, 0},
		Goroutine:       {50 * 0.021, 0},
		Invoke:          {50 * 0.025, 150 * 0.301},
		SQS:             {50 * 0.025, 30 * 1.501}, // five tasks after each other
		SQSAfter:        {50 * 0.025, 30 * 1.501},
		ExtensionSQS:    {50 * 0.921, 0}, // nothing spills
	} {
		got := capacityOf(t, w, c)
		if !near(got.Front.Peak, want.front) || !near(got.Worker.Peak, want.worker) {
			t.Errorf("%s keeps %v and %v busy, want %v and %v", c, got.Front.Peak, got.Worker.Peak, want.front, want.worker)
		}
		if got.Front.Needed != int(math.Ceil(want.front)) && c != Goroutine && !c.sends() {
			t.Errorf("%s needs %d, want %v rounded up", c, got.Front.Needed, want.front)
		}
	}
}

func TestPeakAndMean(t *testing.T) {
	t.Parallel()
	// An hour at 100/s and three at 20/s, 500 ms each: 50 at the peak, 20 on average.
	w := Workload{Traffic: Hourly(100, 20, 20, 20), Function: Function{MemoryMB: 128}, Handler: []time.Duration{500 * ms}}
	got := capacityOf(t, w, Inline).Front
	if !near(got.Peak, 50) || !near(got.Mean, 20) || got.Needed != 50 {
		t.Errorf("got %+v, want a peak of 50, a mean of 20", got)
	}
	// The peak lies in the part of the curve that the month does not reach.
	w.Traffic = []Step{{For: 800 * time.Hour, Rate: 1}, {For: time.Hour, Rate: 1000}}
	if got := capacityOf(t, w, Inline).Front; !near(got.Peak, 0.5) {
		t.Errorf("got %+v, want a peak of 0.5", got)
	}
}

func TestTenRequestsASecondAnEnvironment(t *testing.T) {
	t.Parallel()
	// 1 ms at 1,000/s is one busy environment, but each takes ten a second only.
	w := Workload{Traffic: Constant(1000), Function: Function{MemoryMB: 128}, Handler: []time.Duration{ms}}
	if got := capacityOf(t, w, Inline).Front.Needed; got != 100 {
		t.Errorf("a synchronous function needs %d, want 100", got)
	}
	if got := capacityOf(t, w, APIGatewayAsync).Front.Needed; got != 1 {
		t.Errorf("an asynchronous one needs %d, want 1", got)
	}
}

func TestPoissonBound(t *testing.T) {
	t.Parallel()
	for _, mean := range []float64{0.001, 0.01, 0.5, 1, 3.2, 20, 77.7, 300} {
		// From the bottom: the smallest n with P(X <= n) >= 0.999.
		p := math.Exp(-mean)
		sum, n := p, 0
		for sum < 0.999 {
			n++
			p *= mean / float64(n)
			sum += p
		}
		if got := poissonBound(mean); got != n {
			t.Errorf("mean %v: %d, want %d", mean, got, n)
		}
	}
	last := 0
	for _, mean := range []float64{0, 1e2, 1e4, 1e6, 0.99e8, 1.01e8, 1e12} { // across the shortcut
		got := poissonBound(mean)
		if got < last || float64(got) < math.Min(mean, math.MaxInt32) {
			t.Errorf("mean %v: %d, after %d", mean, got, last)
		}
		last = got
	}
}

func TestReservedConcurrencyHasHeadroom(t *testing.T) {
	t.Parallel()
	w := Workload{Traffic: Constant(10), Function: Function{MemoryMB: 128}, Handler: []time.Duration{time.Second}}
	// Poisson with mean 10: P(X <= 20) = 0.9984, P(X <= 21) = 0.9993
	got := capacityOf(t, w, Inline)
	if got.Front.Needed != 10 || got.Front.Reserved != 21 || got.Front.Headroom != 11 || got.Concurrency() != 21 {
		t.Errorf("got %+v, want 10 needed, 21 reserved", got)
	}
}

func TestEnvironmentsRefusesWhatEstimateRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Environments(Workload{}, Inline); !errors.Is(err, ErrWorkload) {
		t.Errorf("want ErrWorkload, got %v", err)
	}
	w := golden()
	w.ResponseBytes = 7 << 20
	if _, err := Environments(w, Inline); !errors.Is(err, ErrImpossible) {
		t.Errorf("want ErrImpossible, got %v", err)
	}
}
