package cost

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// ownWorker runs 1,024 MB in front and 512 MB for the tasks, 100 ms each.
func ownWorker() Workload {
	return Workload{
		Requests: 1_000_000, Function: Function{MemoryMB: 1024}, Worker: &Function{MemoryMB: 512},
		Handler: []time.Duration{20 * ms}, Task: []time.Duration{100 * ms}, Tasks: 1,
	}
}

func breakEven(t *testing.T, w Workload, a, b Contestant, v Parameter, from, to int64) []Crossing {
	t.Helper()
	got, err := BreakEven(w, a, b, USEast1(), v, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBreakEvenOfTaskDuration(t *testing.T) {
	t.Parallel()
	// A request in process: (20 + x) ms at 1 GB. With invoke: 20 ms at 1 GB, x ms
	// at half a GB, and one Lambda request more, $0.0000002:
	//   x * $0.0000000166667 > x * $0.00000000833335 + $0.0000002
	//   x > 0.0000002/0.00000000833335 = 23.99990...: from 24 ms on
	got := breakEven(t, ownWorker(), Extension, Invoke, TaskDuration, 1, 800_000)
	if len(got) != 1 || got[0].From != 24 || got[0].Was != Extension || got[0].Cheaper != Invoke {
		t.Errorf("got %v, want invoke from 24 ms on", got)
	}
	if s := got[0].String(); s != "from 24 ms of task duration on, invoke is cheaper than extension" {
		t.Errorf("in words: %s", s)
	}
	// The other way round the same.
	if other := breakEven(t, ownWorker(), Invoke, Extension, TaskDuration, 1, 800_000); len(other) != 1 || other[0] != got[0] {
		t.Errorf("asked the other way round: %v, want %v", other, got)
	}
	// Ends before it, begins at it, and just around it.
	for _, c := range []struct {
		from, to int64
		want     int
	}{{1, 23, 0}, {24, 900, 0}, {23, 24, 1}, {24, 24, 0}} {
		if got := breakEven(t, ownWorker(), Extension, Invoke, TaskDuration, c.from, c.to); len(got) != c.want {
			t.Errorf("from %d to %d: %v, want %d crossings", c.from, c.to, got, c.want)
		}
	}
}

func TestBreakEvenWhereOneIsNotPossible(t *testing.T) {
	t.Parallel()
	// Above 900,000 - 20 ms the function would time out; a worker would not.
	w := ownWorker()
	w.Worker = nil // the same memory: in process is cheaper
	got := breakEven(t, w, Extension, Invoke, TaskDuration, 1, 900_000)
	if len(got) != 1 || got[0].From != 899_981 || got[0].Cheaper != Invoke {
		t.Errorf("got %v, want invoke from 899,981 ms on", got)
	}
	got = breakEven(t, w, Extension, Inline, TaskDuration, 1, 900_000)
	if len(got) != 1 || got[0].From != 899_981 || got[0].Cheaper != "" || !strings.Contains(got[0].String(), "none is possible") {
		t.Errorf("got %v, want none from 899,981 ms on", got)
	}
}

func TestBreakEvenOfMemory(t *testing.T) {
	t.Parallel()
	// The worker stays at 512 MB and 100 ms: 50 ms*GB. In process 100 ms * m/1024:
	//   100 * m/1024 * 1e-3 * 0.0000166667 > 0.05 * 0.0000166667 + 0.0000002
	//   m > 512 + 1024 * 0.0000002/0.00000166667 = 512 + 122.8797...: from 635 MB on
	got := breakEven(t, ownWorker(), Stream, Invoke, Memory, MinMemoryMB, MaxMemoryMB)
	if len(got) != 1 || got[0].From != 635 || got[0].Cheaper != Invoke {
		t.Errorf("got %v, want invoke from 635 MB on", got)
	}
}

func TestBreakEvenOfRequests(t *testing.T) {
	t.Parallel()
	// With a queue a fixed sum, for polls, is paid for fewer worker milliseconds:
	// in batches of ten at the same memory a task costs a tenth of 100 ms.
	w := ownWorker()
	w.Worker, w.Queue.Batch = nil, 10
	got := breakEven(t, w, Stream, SQS, RequestsPerMonth, 1, 10_000_000)
	if len(got) != 1 || got[0].Cheaper != SQS {
		t.Fatalf("got %v, want sqs to become cheaper once", got)
	}
	// It is where it says, to the request.
	at := func(n int64, c Contestant) USD {
		w.Requests = n
		return bill(t, w, c, USEast1()).Total()
	}
	x := got[0].From
	if at(x, SQS).Cmp(at(x, Stream)) >= 0 || at(x-1, SQS).Cmp(at(x-1, Stream)) < 0 {
		t.Errorf("at %d requests: sqs %s, stream %s", x, at(x, SQS), at(x, Stream))
	}
}

func TestBreakEvenFindsEveryCrossingOfAStaircase(t *testing.T) {
	t.Parallel()
	// Tasks above 256 KB cost invoke a request for each chunk, so it wins small
	// ones; against a look at every value of a small range.
	w := ownWorker()
	w.Handler = []time.Duration{20 * ms, 400 * time.Microsecond}
	for _, pair := range [][2]Contestant{{Extension, Invoke}, {SQS, Invoke}, {Inline, SQSAfter}, {Stream, Extension}} {
		var want []int64
		last := Contestant("")
		for x := int64(1); x <= 200; x++ {
			w.Task = []time.Duration{time.Duration(x) * ms}
			best := pair[0]
			if bill(t, w, pair[1], USEast1()).Total().Cmp(bill(t, w, pair[0], USEast1()).Total()) < 0 {
				best = pair[1]
			}
			if last != "" && best != last {
				want = append(want, x)
			}
			last = best
		}
		got := breakEven(t, w, pair[0], pair[1], TaskDuration, 1, 200)
		if len(got) != len(want) {
			t.Errorf("%v: %v, want crossings at %v", pair, got, want)
			continue
		}
		for i := range want {
			if got[i].From != want[i] {
				t.Errorf("%v: %v, want crossings at %v", pair, got, want)
			}
		}
	}
}

func TestBreakEvenRefusesBadRanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v        Parameter
		from, to int64
	}{
		{TaskDuration, 2, 1},
		{TaskDuration, -1, 5},
		{TaskDuration, 1, 900_001},
		{Memory, 127, 500},
		{Memory, 128, 10241},
		{RequestsPerMonth, 0, 1 << 62},
		{Parameter{}, 0, 0},
	} {
		if _, err := BreakEven(ownWorker(), Stream, SQS, USEast1(), c.v, c.from, c.to); !errors.Is(err, ErrRange) {
			t.Errorf("%s from %d to %d: want ErrRange, got %v", c.v.Name, c.from, c.to, err)
		}
	}
	if _, err := BreakEven(Workload{}, Stream, SQS, USEast1(), TaskDuration, 1, 2); !errors.Is(err, ErrWorkload) {
		t.Errorf("want ErrWorkload, got %v", err)
	}
	if _, err := BreakEven(ownWorker(), Stream, "x", USEast1(), TaskDuration, 1, 2); !errors.Is(err, ErrContestant) {
		t.Errorf("want ErrContestant, got %v", err)
	}
}
