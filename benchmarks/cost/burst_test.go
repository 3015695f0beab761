package cost

import (
	"errors"
	"testing"
	"time"
)

func burst(t *testing.T, w Workload, c Contestant, b Burst) BurstResult {
	t.Helper()
	r, err := SimulateBurst(w, c, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// burstWorkload: 20 ms, a task of 300 ms behind it, 80 ms of init.
func burstWorkload() Workload {
	return Workload{
		Function: Function{MemoryMB: 1024, Init: 80 * ms},
		Handler:  []time.Duration{20 * ms}, Task: []time.Duration{300 * ms}, Tasks: 1,
	}
}

func TestBurstFromCold(t *testing.T) {
	t.Parallel()
	// 100/s. In process an environment is busy for 80 + 20 + 300 = 400 ms, in which
	// 40 requests arrive; then the first is free again and one is freed for each
	// that arrives. With a goroutine it is busy for 100 ms: 10.
	for c, want := range map[Contestant]int{Stream: 40, Extension: 40, Inline: 40, Goroutine: 10, Invoke: 10} {
		r := burst(t, burstWorkload(), c, Burst{Rate: 100, For: 5 * time.Second})
		if r.Front.ColdStarts != want || r.Front.Peak != want || r.Front.Invocations != 500 || r.Front.Throttled != 0 {
			t.Errorf("%s: %+v, want %d cold starts", c, r.Front, want)
		}
	}
	// A burst shorter than that: each request is a cold start.
	if r := burst(t, burstWorkload(), Stream, Burst{Rate: 100, For: 200 * ms}); r.Front.ColdStarts != 20 {
		t.Errorf("a burst of 20 requests: %+v, want 20 cold starts", r.Front)
	}
}

func TestWarmEnvironmentsSaveColdStarts(t *testing.T) {
	t.Parallel()
	// Warm ones are busy for 320 ms: with 32 of them nobody starts cold.
	if r := burst(t, burstWorkload(), Stream, Burst{Rate: 100, For: 5 * time.Second, Warm: 32}); r.Front.ColdStarts != 0 || r.Front.Peak != 32 {
		t.Errorf("32 warm environments: %+v, want no cold start", r.Front)
	}
	last := 41
	for warm := 0; warm <= 32; warm += 8 {
		got := burst(t, burstWorkload(), Stream, Burst{Rate: 100, For: 5 * time.Second, Warm: warm}).Front.ColdStarts
		if got >= last {
			t.Errorf("%d warm: %d cold starts, with fewer %d", warm, got, last)
		}
		last = got
	}
}

func TestBurstAboveTheQuota(t *testing.T) {
	t.Parallel()
	// 100/s for 320 ms need 32 environments. With 10, a synchronous caller gets an
	// error, and an asynchronous event waits.
	w := burstWorkload()
	w.Function.Init = 0
	b := Burst{Rate: 100, For: 10 * time.Second, Concurrency: 10}
	r := burst(t, w, Stream, b).Front
	if r.Throttled == 0 || r.Peak != 10 || r.Invocations+r.Throttled != 1000 {
		t.Errorf("synchronous: %+v, want some of 1,000 requests throttled at 10", r)
	}
	r = burst(t, w, APIGatewayAsync, b).Front
	if r.Throttled != 0 || r.Invocations != 1000 || r.Peak != 10 || r.LongestWait < 20*time.Second {
		// 1,000 * 0.32 s / 10 = 32 s of work arrive in 10 s.
		t.Errorf("asynchronous: %+v, want all served, the last more than 20 s late", r)
	}
}

func TestWorkersShareTheQuota(t *testing.T) {
	t.Parallel()
	// 100 tasks a second of 300 ms need 30 workers; with 10 they fall behind:
	// 1,000 * 0.3 s / 10 = 30 s of work arrive in 10 s.
	w := burstWorkload()
	w.Function.Init = 0
	r := burst(t, w, Invoke, Burst{Rate: 100, For: 10 * time.Second, Concurrency: 10}).Worker
	if r.Peak != 10 || r.Invocations != 1000 || r.LongestWait < 19*time.Second || r.LongestWait > 21*time.Second {
		t.Errorf("%+v, want ten workers and 20 s of waiting", r)
	}
}

func TestScalingOfAFunction(t *testing.T) {
	t.Parallel()
	// 1,000 environments at once, 1,000 more after 10 s: of 3,000 requests in the
	// first second that last a minute, 1,000 are served.
	w := Workload{Function: Function{MemoryMB: 128}, Handler: []time.Duration{time.Minute}}
	r := burst(t, w, Inline, Burst{Rate: 3000, For: time.Second, Concurrency: 5000}).Front
	if r.Invocations != 1000 || r.Throttled != 2000 {
		t.Errorf("%+v, want 1,000 served and 2,000 throttled", r)
	}
}

func TestRequestsThatComeWhenTheyCome(t *testing.T) {
	t.Parallel()
	// Three at once need three environments for their 20 ms, and the one at 20 ms none
	// of its own.
	w := Workload{Function: Function{MemoryMB: 128}, Handler: []time.Duration{20 * ms}}
	b := Burst{Rate: 1, For: time.Hour, At: []time.Duration{5 * ms, 5 * ms, 5 * ms, 25 * ms}}
	if r := burst(t, w, Inline, b).Front; r.Invocations != 4 || r.ColdStarts != 3 {
		t.Errorf("%+v, want four requests and three environments", r)
	}
	if r := burst(t, w, Inline, Burst{Rate: 1, For: time.Hour, At: []time.Duration{}}).Front; r.Invocations != 0 {
		t.Errorf("%+v, want none", r)
	}
	for _, at := range [][]time.Duration{{2, 1}, {-1}, make([]time.Duration, maxBurstEvents+1)} {
		if _, err := SimulateBurst(w, Inline, Burst{At: at}); !errors.Is(err, ErrWorkload) {
			t.Errorf("%d times: want ErrWorkload, got %v", len(at), err)
		}
	}
}

func TestInitsInTheOrderOfTheEnvironments(t *testing.T) {
	t.Parallel()
	// A request every 10 ms that lasts 20 ms. The first environment is there at once, and busy until 20 ms. The second takes
	// a second to start, so that of the others the one at 30 ms needs a third, which is there at once. From then on one of
	// these two is free for each.
	w := Workload{Function: Function{MemoryMB: 128, Init: time.Minute}, Handler: []time.Duration{20 * ms}}
	b := Burst{Rate: 100, For: 100 * ms, Inits: []time.Duration{0, time.Second}}
	if r := burst(t, w, Inline, b).Front; r.ColdStarts != 3 || r.Peak != 3 {
		t.Errorf("%+v, want three environments", r)
	}
	// Workers: six at once, of which the second and every other one after it takes another second to start.
	w = burstWorkload()
	b = Burst{Rate: 1e6, For: 6 * time.Microsecond, Inits: []time.Duration{0}, WorkerInits: []time.Duration{0, time.Second}}
	if r := burst(t, w, Invoke, b).Worker; r.ColdStarts != 6 {
		t.Errorf("%+v, want six workers", r)
	}
	for _, b := range []Burst{{Inits: []time.Duration{-1}}, {WorkerInits: []time.Duration{-1}}} {
		if _, err := SimulateBurst(w, Invoke, b); !errors.Is(err, ErrWorkload) {
			t.Errorf("a negative duration: want ErrWorkload, got %v", err)
		}
	}
}

func TestBurstIsBounded(t *testing.T) {
	t.Parallel()
	for _, b := range []Burst{
		{Rate: 1e6, For: time.Hour},
		{Rate: -1, For: time.Second},
		{Rate: 1, For: -time.Second},
		{Rate: 1, For: time.Second, Warm: 1001},
		{Rate: 1, For: time.Second, Concurrency: -1},
	} {
		if _, err := SimulateBurst(burstWorkload(), Stream, b); !errors.Is(err, ErrWorkload) {
			t.Errorf("%+v: want ErrWorkload, got %v", b, err)
		}
	}
	if r := burst(t, burstWorkload(), Stream, Burst{}); r != (BurstResult{}) {
		t.Errorf("no burst: %+v", r)
	}
}
