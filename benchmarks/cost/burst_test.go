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

func TestEventSourceMappingScalesSlowly(t *testing.T) {
	t.Parallel()
	// Ten seconds of 100 tasks a second, 300 ms each, need 30 workers. The mapping
	// starts with 5 and adds 5 a second; invoke has them at once.
	b := Burst{Rate: 100, For: 10 * time.Second}
	sqs, invoke := burst(t, burstWorkload(), SQS, b).Worker, burst(t, burstWorkload(), Invoke, b).Worker
	if sqs.Invocations != 1000 || sqs.LongestWait < time.Second || sqs.LongestWait > time.Minute {
		t.Errorf("sqs: %+v, want all tasks run, some seconds late", sqs)
	}
	if invoke.Invocations != 1000 || invoke.LongestWait != 0 {
		t.Errorf("invoke: %+v, want all tasks run at once", invoke)
	}
	// Six tasks sent after 20 ms: the sixth worker is allowed at 200 ms, before the
	// first one is free at 320.
	w := burstWorkload()
	w.Function.Init = 0
	if r := burst(t, w, SQS, Burst{Rate: 1e6, For: 6 * time.Microsecond}).Worker; r.Peak != 6 || r.LongestWait < 178*ms || r.LongestWait > 182*ms {
		t.Errorf("six at once: %+v, want the sixth to start 180 ms late", r)
	}
	// In batches of ten there are ten workers a second, three at a time.
	w = burstWorkload()
	w.Queue.Batch = 10
	if r := burst(t, w, SQS, b).Worker; r.Invocations != 100 || r.LongestWait != 0 {
		t.Errorf("in batches: %+v, want 100 workers without a wait", r)
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
