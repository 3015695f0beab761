package cost

import (
	"testing"
	"time"
)

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
	// In batches of ten there are ten workers a second, three or four at a time.
	w := burstWorkload()
	w.Queue.Batch = 10
	if r := burst(t, w, SQS, b).Worker; r.Invocations != 100 || r.LongestWait != 0 || r.Peak > 5 {
		t.Errorf("in batches: %+v, want 100 workers without a wait", r)
	}
}

func TestEventSourceMappingGrowsWhileAllPlacesAreTaken(t *testing.T) {
	t.Parallel()
	// Messages that are all there after 20 ms (the handler), of one second each; no
	// cold starts. When they begin, in seconds after that, and what is at work then:
	//
	//	0.0  5           5
	//	0.2  1 new       6
	//	0.4  1 new       7
	//	0.6  1 new       8
	//	0.8  1 new       9
	//	1.0  5 + 1 new  10   15 have begun
	//	1.2  1 + 1 new  11   17 have begun
	//	1.4  1 + 1 new  12
	//	1.6  1 + 1 new  13
	//	1.8  1 + 1 new  14   23 have begun
	//	2.0  6 + 1 new  15   30 have begun
	w := burstWorkload()
	w.Function.Init, w.Task = 0, []time.Duration{time.Second}
	for n, want := range map[int]struct {
		peak int
		wait time.Duration
	}{
		5: {5, 0}, 6: {6, 200 * ms}, 9: {9, 800 * ms}, 15: {10, time.Second}, 17: {11, 1200 * ms}, 23: {14, 1800 * ms}, 30: {15, 2 * time.Second},
	} {
		b := Burst{Rate: 1e9, For: time.Duration(n)}
		for _, c := range []Contestant{SQS, SQSAfter} {
			r := burst(t, w, c, b).Worker
			// They are a nanosecond apart.
			if r.Peak != want.peak || r.Invocations != n || r.LongestWait < want.wait-ms || r.LongestWait > want.wait+ms {
				t.Errorf("%s, %d messages: %+v, want %d workers at a time and %v of waiting", c, n, r, want.peak, want.wait)
			}
		}
	}
}

func TestEventSourceMappingDoesNotGrowWithoutBacklog(t *testing.T) {
	t.Parallel()
	// Ten messages a second of 300 ms: three at a time, for a minute.
	w := burstWorkload()
	w.Function.Init = 0
	if r := burst(t, w, SQS, Burst{Rate: 10, For: time.Minute}).Worker; r.Peak > 4 || r.LongestWait != 0 {
		t.Errorf("%+v, want no more than four workers", r)
	}
	m := newMapping()
	m.place(time.Hour)
	if m.limit != mappingStart {
		t.Errorf("%d places after an hour of quiet", m.limit)
	}
}

func TestEventSourceMappingHasAMaximum(t *testing.T) {
	t.Parallel()
	// Batches of an hour. Five have a place at once and 1,245 more one each 200 ms, the
	// last at 249 s; the next one waits for the first to end.
	m := newMapping()
	for n := range 1251 {
		at := m.place(0)
		switch want := []time.Duration{249 * time.Second, time.Hour}; {
		case n == 1249 && at != want[0], n == 1250 && at != want[1]:
			t.Errorf("batch %d has a place at %v, want %v", n, at, want)
		}
		m.take(at + time.Hour)
	}
}
