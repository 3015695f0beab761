package cost

import (
	"container/heap"
	"math"
	"slices"
	"time"
)

// How fast Lambda adds environments (developer guide, "Lambda scaling behavior"
// and "Configuring scaling behavior for SQS event source mappings", 2026).
const (
	scaleStep      = 1000 // environments a function may add ...
	scaleEvery     = 10 * time.Second
	defaultQuota   = 1000 // concurrent executions of an account
	maxBurstEvents = 1_000_000
)

// Burst is a sudden stretch of evenly spaced requests.
type Burst struct {
	Rate float64 // requests a second
	For  time.Duration
	// At is when the requests come, from the burst's beginning on and ascending, if
	// they are not evenly spaced: Rate and For count for nothing then.
	At   []time.Duration
	Warm int // idle environments of the front function when it begins
	// Concurrency is the account's quota, for each of the two functions; 0 =
	// 1,000.
	Concurrency int
	// Inits are how long the init phases of the front function's environments
	// take, in the order of their creation and then again from the first; nil =
	// Function.Init for each. WorkerInits are those of the worker.
	Inits, WorkerInits []time.Duration
}

// BurstPool is what a burst does to one function.
type BurstPool struct {
	Invocations int
	ColdStarts  int
	Peak        int // environments busy at the same time
	// Throttled counts synchronous requests that found no environment and got
	// an error 429. Work from a queue waits instead: LongestWait.
	Throttled   int
	LongestWait time.Duration
}

// BurstResult is what a burst does to the function and to its worker.
type BurstResult struct{ Front, Worker BurstPool }

// SimulateBurst counts cold starts under a burst: every event takes an idle
// environment if there is one, else a new one, which is busy for its init phase
// as well, as far as Lambda's scaling limits allow. Messages of a queue also
// wait for a place with its event source mapping: there are five at first, and
// one more for each 200 ms in which all are taken. Durations are the samples
// of the workload in turn; nothing fails. The error wraps ErrWorkload for a
// burst above a million events, or is one of Estimate's.
func SimulateBurst(w Workload, c Contestant, b Burst) (BurstResult, error) {
	w, err := prepare(w, c)
	if err != nil {
		return BurstResult{}, err
	}
	if err := possible(w, c, newClock(w)); err != nil {
		return BurstResult{}, err
	}
	if b.Concurrency == 0 {
		b.Concurrency = defaultQuota
	}
	switch {
	case !(b.Rate >= 0 && b.Rate <= maxRate):
		return BurstResult{}, workloadErrorf("Burst.Rate is %v: it must be between 0 and %g requests a second", b.Rate, float64(maxRate))
	case b.For < 0 || b.For > maxDuration:
		return BurstResult{}, workloadErrorf("Burst.For is %v: it must be between 0 and %v", b.For, maxDuration)
	case b.Warm < 0 || b.Warm > b.Concurrency || b.Concurrency < 0:
		return BurstResult{}, workloadErrorf("Burst.Warm is %d of %d: it must be between 0 and the concurrency", b.Warm, b.Concurrency)
	case max(float64(len(b.At)), b.Rate*b.For.Seconds())*float64(1+w.Tasks) > maxBurstEvents:
		return BurstResult{}, workloadErrorf("the burst has more than %d events: shorten it", maxBurstEvents)
	}
	for i, at := range b.At {
		if at < 0 || at > maxDuration || i > 0 && at < b.At[i-1] {
			return BurstResult{}, workloadErrorf("Burst.At has %v as number %d: it must be ascending, between 0 and %v", at, i, maxDuration)
		}
	}
	for name, inits := range map[string][]time.Duration{"Inits": b.Inits, "WorkerInits": b.WorkerInits} {
		for _, d := range inits {
			if d < 0 || d > maxDuration {
				return BurstResult{}, workloadErrorf("Burst.%s has %v: it must be between 0 and %v", name, d, maxDuration)
			}
		}
	}
	return simulate(w, c, b), nil
}

func simulate(w Workload, c Contestant, b Burst) BurstResult {
	s := frontShape(w, c)
	front := newFleet(w.Function, b.Inits, b.Warm, c == APIGatewayAsync, func(t time.Duration) int {
		return min(b.Concurrency, b.Warm+scaled(t))
	})
	var sent []time.Duration
	for i, at := range b.arrivals() {
		start, ok := front.serve(at, lasts(w, s.whole, i))
		if !ok || !c.sends() {
			continue
		}
		left := start + lasts(w, s.before, i)
		if c == SQSAfter {
			left = start + lasts(w, s.whole, i)
		}
		for range w.Tasks {
			sent = append(sent, left)
		}
	}

	worker := newFleet(*w.Worker, b.WorkerInits, 0, true, func(t time.Duration) int { return min(b.Concurrency, scaled(t)) })
	slices.Sort(sent)
	if c.queues() {
		fromQueue(w, c, sent, worker)
	} else {
		for i, at := range sent {
			worker.serve(at, lasts(w, workerShape(w, c).whole, i))
		}
	}
	return BurstResult{Front: front.BurstPool, Worker: worker.BurstPool}
}

// arrivals are At, or evenly spaced.
func (b Burst) arrivals() []time.Duration {
	if b.At != nil {
		return b.At
	}
	at := make([]time.Duration, int(math.Round(b.Rate*b.For.Seconds())))
	for i := range at {
		at[i] = time.Duration(math.Round(float64(i) / b.Rate * float64(time.Second)))
	}
	return at
}

// fromQueue gives messages to the worker in batches, as the event source mapping
// has places for them.
func fromQueue(w Workload, c Contestant, sent []time.Duration, worker *fleet) {
	m := newMapping()
	for i := 0; i < len(sent); i += w.Queue.Batch {
		last := min(i+w.Queue.Batch, len(sent)) - 1
		at, takes := m.place(sent[last]), lasts(w, workerShape(w, c).whole, i)
		start, _ := worker.serve(at, takes) // it waits, and throttles nothing
		m.take(start + takes)
		worker.LongestWait = max(worker.LongestWait, at-sent[last])
	}
}

// scaled is how many environments a function may have added after t.
func scaled(t time.Duration) int { return scaleStep * (1 + int(t/scaleEvery)) }

// lasts is how long the i-th run of a shape takes.
func lasts(w Workload, r run, i int) time.Duration {
	d := r.fixed + time.Duration(r.rounds)*w.Task[i%len(w.Task)]
	if r.handler {
		d += w.Handler[i%len(w.Handler)]
	}
	return d
}

// fleet is the environments of one function. An environment that was used in
// the burst is preferred to a warm idle one, and that to a new one: so the number
// used is the largest number busy at the same time.
type fleet struct {
	BurstPool
	used  times // when each is free again
	idle  int   // warm ones that the burst has not used yet
	inits []time.Duration
	waits bool
	limit func(time.Duration) int
}

func newFleet(f Function, inits []time.Duration, warm int, waits bool, limit func(time.Duration) int) *fleet {
	if len(inits) == 0 {
		inits = []time.Duration{f.Init}
	}
	return &fleet{idle: warm, inits: inits, waits: waits, limit: limit}
}

// serve gives an event that arrives at a time to an environment and returns when
// the handler begins there, after any init phase; false if it was throttled.
func (f *fleet) serve(at, lasts time.Duration) (time.Duration, bool) {
	start, cold := at, false
	switch {
	case len(f.used) > 0 && f.used[0] <= at:
		heap.Pop(&f.used)
	case f.idle > 0:
		f.idle--
	case len(f.used) < f.limit(at):
		cold = true
	case !f.waits:
		f.Throttled++
		return 0, false
	default:
		start, cold = f.next(at)
		f.LongestWait = max(f.LongestWait, start-at)
		if !cold {
			heap.Pop(&f.used)
		}
	}
	f.Invocations++
	if cold {
		start += f.inits[f.ColdStarts%len(f.inits)]
		f.ColdStarts++
	}
	heap.Push(&f.used, start+lasts)
	f.Peak = max(f.Peak, len(f.used))
	return start, true
}

// next is when a waiting event can start, and whether in a new environment. All
// environments are busy and there is at least one, as every limit is above zero.
func (f *fleet) next(at time.Duration) (time.Duration, bool) {
	first := f.used[0]
	if f.limit(first) <= len(f.used) {
		return first, false
	}
	// The limit grows before that: find when, to the millisecond.
	lo, hi := at, first
	for hi-lo > time.Millisecond {
		if mid := lo + (hi-lo)/2; f.limit(mid) > len(f.used) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi, hi < first
}

// times is a heap with the earliest first.
type times []time.Duration

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(time.Duration)) }
func (t *times) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}
