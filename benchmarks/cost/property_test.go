package cost

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// anyWorkload is a plausible workload that every contestant can carry.
func anyWorkload(rng *rand.Rand) Workload {
	durations := func(most time.Duration) []time.Duration {
		d := make([]time.Duration, 1+rng.IntN(5))
		for i := range d {
			d[i] = time.Duration(rng.Int64N(int64(most)))
		}
		return d
	}
	arch := []Arch{X86, ARM64}[rng.IntN(2)]
	return Workload{
		Requests: rng.Int64N(10_000_000_000),
		Function: Function{MemoryMB: 128 + rng.IntN(10113), Arch: arch, Init: durations(time.Second)[0], ColdStarts: rng.Float64() / 10, StorageMB: 512 + rng.IntN(100)},
		Handler:  durations(time.Second), Task: durations(2 * time.Second),
		Tasks: rng.IntN(12), AtOnce: rng.IntN(4),
		FailureRate: rng.Float64(), Retries: rng.IntN(4), RetryWait: durations(time.Second)[0], Spill: rng.Float64(),
		RequestBytes: rng.Int64N(1 << 20), ResponseBytes: rng.Int64N(6 << 20), TaskBytes: rng.Int64N(1 << 18),
		Front:   []Front{FunctionURL, RESTAPI}[rng.IntN(2)],
		Handoff: Handoff{Call: durations(20 * ms)[0], AtOnce: rng.IntN(5)},
		Queue:   Queue{FIFO: rng.IntN(2) == 0, Batch: 1 + rng.IntN(10), Pollers: 1 + rng.IntN(9)},
		Logs:    Logs{Invocation: rng.Int64N(1000), Handler: rng.Int64N(1000), Task: rng.Int64N(1000)},
	}
}

// each runs a property for many workloads and every contestant.
func each(t *testing.T, seed uint64, f func(w Workload, c Contestant, p Prices)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		w, p := anyWorkload(rng), USEast1()
		p.FreeTier = rng.IntN(2) == 0
		for _, c := range Contestants() {
			f(w, c, p)
		}
	}
}

func TestItemsAddUp(t *testing.T) {
	t.Parallel()
	each(t, 1, func(w Workload, c Contestant, p Prices) {
		b := bill(t, w, c, p)
		var sum rat
		for _, i := range b.Items {
			if i.Quantity.v.mul(i.Price.v).cmp(i.Amount.v) != 0 {
				t.Errorf("%s: %s: %s at %s is not %s", c, i.Label, i.Quantity, i.Price, i.Amount)
			}
			if i.Source == "" || i.Unit == "" || i.Kind == "" {
				t.Errorf("%s: %s has no source, unit or kind: %+v", c, i.Label, i)
			}
			sum = sum.add(i.Amount.v)
		}
		if sum.cmp(b.Total().v) != 0 {
			t.Errorf("%s: the lines add up to %s, the total is %s", c, sum.text(12), b.Total())
		}
	})
}

func TestMoreRequestsNeverCostLess(t *testing.T) {
	t.Parallel()
	each(t, 2, func(w Workload, c Contestant, p Prices) {
		less := bill(t, w, c, p).Total()
		w.Requests = w.Requests*5/4 + 1
		if more := bill(t, w, c, p).Total(); more.Cmp(less) < 0 {
			t.Errorf("%s: %s a month for fewer requests, %s for %d", c, less, more, w.Requests)
		}
	})
}

func TestLongerTasksNeverCostLess(t *testing.T) {
	t.Parallel()
	each(t, 3, func(w Workload, c Contestant, p Prices) {
		less := bill(t, w, c, p).Total()
		longer := make([]time.Duration, len(w.Task))
		for i, d := range w.Task {
			longer[i] = d + 300*time.Microsecond
		}
		w.Task = longer
		if more := bill(t, w, c, p).Total(); more.Cmp(less) < 0 {
			t.Errorf("%s: %s with shorter tasks, %s with longer ones", c, less, more)
		}
	})
}

// In process the work is the same milliseconds wherever the response goes out.
func TestTailCostsWhatInlineCosts(t *testing.T) {
	t.Parallel()
	each(t, 4, func(w Workload, c Contestant, p Prices) {
		if c != Stream && c != Extension {
			return
		}
		in, out := bill(t, w, Inline, p), bill(t, w, c, p)
		if got, want := out.Units(KindResponse).v.add(out.Units(KindTail).v), in.Units(KindResponse).v; got.cmp(want) != 0 {
			t.Errorf("%s: %s GB-s, inline: %s", c, got.text(6), want.text(6))
		}
		if in.Total().Cmp(out.Total()) != 0 {
			t.Errorf("%s costs %s, inline %s", c, out.Total(), in.Total())
		}
		a, err := Environments(w, Inline)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Environments(w, c)
		if err != nil {
			t.Fatal(err)
		}
		if a != b {
			t.Errorf("%s keeps %+v busy, inline %+v", c, b, a)
		}
	})
}

func TestFreeTierIsWorthAtMostItself(t *testing.T) {
	t.Parallel()
	each(t, 5, func(w Workload, c Contestant, p Prices) {
		p.FreeTier = false
		paid := bill(t, w, c, p)
		p.FreeTier = true
		saved := paid.Total().Sub(bill(t, w, c, p).Total())
		// 1M requests, 400,000 GB-s, 1M SQS requests (FIFO), 5 GB of logs
		limit := 0.2 + 400_000*0.0000166667 + 0.5 + 2.5
		if s := saved.Float64(); s < 0 || s > limit+1e-9 {
			t.Errorf("%s: the free tier saves %s", c, saved)
		}
	})
}

func TestTiersAreContinuous(t *testing.T) {
	t.Parallel()
	one := whole(1)
	for m, r := range USEast1().Rates {
		first := r.Tiers[0].Price.v.quo(r.Per.v)
		for _, tier := range r.Tiers[:len(r.Tiers)-1] {
			for _, free := range []bool{false, true} {
				cost := func(q rat) rat {
					p := USEast1()
					p.FreeTier = free
					tb := newTab(p)
					if err := tb.charge(m, Item{}, q); err != nil {
						t.Fatal(err)
					}
					return Bill{Items: tb.items}.Total().v
				}
				end := tier.UpTo.v
				step := cost(end.add(one)).sub(cost(end))
				if step.sign() < 0 || step.cmp(first) > 0 {
					t.Errorf("%s: the unit after %s costs %s", m, tier.UpTo, step.text(12))
				}
			}
		}
	}
}

func TestTiersAreExact(t *testing.T) {
	t.Parallel()
	// 20 billion GB-s on x86: 6e9 * 0.0000166667 + 9e9 * 0.000015 + 5e9 * 0.0000133334
	// = 100,000.2 + 135,000 + 66,667 = 301,667.2
	// with the free tier 400,000 * 0.0000166667 = 6.66668 less: 301,660.53332
	for _, c := range []struct {
		free bool
		want string
	}{{false, "301667.2"}, {true, "301660.53332"}} {
		p := USEast1()
		p.FreeTier = c.free
		tb := newTab(p)
		for _, part := range []int64{7, 8, 5} { // in three lines: tiers are shared
			if err := tb.charge(MeterDurationX86, Item{}, whole(part*1e9)); err != nil {
				t.Fatal(err)
			}
		}
		if got := (Bill{Items: tb.items}).Total().v.text(12); got != c.want {
			t.Errorf("free tier %v: %s, want %s", c.free, got, c.want)
		}
	}
}

func TestSamplesEqualToTheMeanChangeNothing(t *testing.T) {
	t.Parallel()
	each(t, 6, func(w Workload, c Contestant, p Prices) {
		w.Handler, w.Task = w.Handler[:1], w.Task[:1]
		one := bill(t, w, c, p).Total()
		w.Handler = []time.Duration{w.Handler[0], w.Handler[0], w.Handler[0]}
		w.Task = []time.Duration{w.Task[0], w.Task[0]}
		if many := bill(t, w, c, p).Total(); one.Cmp(many) != 0 {
			t.Errorf("%s: %s for one sample, %s for the same sample repeated", c, one, many)
		}
	})
}

// FuzzEstimate: whatever the workload, there is a bill of finite, non-negative
// lines or an error of a known class, for all functions of the package.
func FuzzEstimate(f *testing.F) {
	f.Add(int64(1e6), 10.0, 1024, 512, int64(20e6), int64(300e6), 3, 0, 0.1, 2, 0.01, int64(1000), int64(1000), int64(1000), 10, 5, uint8(0))
	f.Add(int64(-1), math.NaN(), 0, -1, int64(-5), int64(1<<62), -1, 1<<40, math.Inf(1), 1<<40, 2.0, int64(-1), int64(1<<62), int64(1<<40), 0, -1, uint8(255))
	f.Add(int64(0), 1e-320, 10240, 10240, int64(0), int64(0), 10000, 1, 1.0, 1000, 1.0, int64(1<<20), int64(200<<20), int64(1<<20), 10000, 1000, uint8(0b01010101))
	f.Fuzz(func(t *testing.T, requests int64, rate float64, memory, storage int, handler, task int64,
		tasks, atOnce int, failures float64, retries int, cold float64, in, out, size int64, batch, pollers int, bits uint8,
	) {
		w := Workload{
			Requests: requests,
			Function: Function{MemoryMB: memory, StorageMB: storage, Init: time.Duration(task), ColdStarts: cold},
			Handler:  []time.Duration{time.Duration(handler), time.Duration(task)},
			Task:     []time.Duration{time.Duration(task)},
			Tasks:    tasks, AtOnce: atOnce, FailureRate: failures, Retries: retries, Spill: failures,
			RequestBytes: in, ResponseBytes: out, TaskBytes: size,
			Handoff: Handoff{Call: time.Duration(handler)},
			Queue:   Queue{Batch: batch, Pollers: pollers, FIFO: bits&1 != 0, EPUHours: rate},
			Extras:  []Extra{{Per: PerFailedTask, Count: rate}},
			Logs:    Logs{Task: size},
		}
		if bits&2 != 0 {
			w.Requests, w.Traffic = 0, []Step{{For: time.Duration(requests), Rate: rate}, {For: time.Hour, Rate: failures}}
		}
		w.Front = []Front{"", FunctionURL, HTTPAPI, RESTAPI}[bits>>2&3]
		if bits&16 != 0 {
			w.Worker = &Function{MemoryMB: storage, Arch: ARM64}
		}
		p := USEast1()
		p.FreeTier = bits&32 != 0
		for _, c := range Contestants() {
			checkEstimate(t, w, c, p)
		}
		if _, err := Recommend(w, Needs{Durability: Durability(bits >> 6), Ordered: bits&64 != 0}, p); !known(err) {
			t.Errorf("Recommend: %v", err)
		}
	})
}

func checkEstimate(t *testing.T, w Workload, c Contestant, p Prices) {
	t.Helper()
	b, err := Estimate(w, c, p)
	if !known(err) {
		t.Errorf("%s: an error of no class: %v", c, err)
	}
	for _, i := range b.Items {
		if q, a := i.Quantity.Float64(), i.Amount.Float64(); !(q > 0) || !(a >= 0) || math.IsInf(q, 0) || math.IsInf(a, 0) {
			t.Errorf("%s: %s: %v units, %v dollars", c, i.Label, q, a)
		}
	}
	capacity, cerr := Environments(w, c)
	if (err == nil) != (cerr == nil) {
		t.Errorf("%s: Estimate says %v, Environments %v", c, err, cerr)
	}
	for _, pool := range []Pool{capacity.Front, capacity.Worker} {
		if !(pool.Mean >= 0 && pool.Peak >= 0) || pool.Needed < 0 || pool.Headroom < 0 || pool.Reserved < pool.Needed {
			t.Errorf("%s: %+v", c, pool)
		}
	}
	if _, err := SimulateBurst(w, c, Burst{Rate: 20, For: time.Second}); !known(err) {
		t.Errorf("%s: SimulateBurst: %v", c, err)
	}
}

func known(err error) bool {
	return err == nil || errors.Is(err, ErrWorkload) || errors.Is(err, ErrImpossible) || errors.Is(err, ErrNoneMeets)
}
