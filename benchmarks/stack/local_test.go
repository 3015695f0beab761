package stack

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/load"
	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/lambdatest"
)

const token = 11

// round runs one round and returns what the stack observed.
func round(t *testing.T, s Stack, w *workload.Workload) Observed {
	t.Helper()
	if err := s.Begin(t.Context(), w.Load.Shape == workload.Burst); err != nil {
		t.Fatal(err)
	}
	c := load.NewClient(s.URL(), 0)
	defer c.Close()
	for _, a := range c.Run(t.Context(), time.Now(), load.Schedule(w.Load, w.Load.Requests), func(i int) []byte {
		b, err := wire.NewOrder(w, token, i)
		if err != nil {
			t.Error(err)
		}
		return b
	}) {
		if a.Err != nil || a.Status/100 != http.StatusOK/100 {
			t.Fatalf("%+v", a)
		}
	}
	o, err := s.End(t.Context(), Expected{Round: token, Requests: w.Load.Requests, Tasks: w.Tasks * w.Load.Requests})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func local(t *testing.T, c cost.Contestant, w *workload.Workload, profile *network.Profile) *Local {
	t.Helper()
	l, err := NewLocal(t.Context(), c, w, profile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// Of 16 requests 4 fail at first, one of them again, and all are done in the end: that is
// 21 attempts, whoever makes them.
func TestWhoeverRepeatsTheShareOfFailuresIsExact(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{
		Name: "failing", Load: workload.Load{Shape: workload.Constant, Rate: 100, Requests: 16},
		Tasks: 1, Task: workload.Work{WaitMS: 1}, FailOneIn: 4, Attempts: 3, RetryWaitMS: 1, MemoryMB: 128, TimeoutMS: 3000,
	}
	for _, c := range []cost.Contestant{cost.Inline, cost.Stream, cost.Extension, cost.Invoke, cost.SQS} {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			o := round(t, local(t, c, w, nil), w)
			attempts, done := 0, map[int]bool{}
			for _, m := range o.Marks {
				if m.Kind == wire.TaskMark {
					attempts++
					done[m.Seq] = done[m.Seq] || !m.Failed
				}
			}
			for seq := range 16 {
				if !done[seq] {
					t.Errorf("the task of request %d is not done", seq)
				}
			}
			if attempts != 21 {
				t.Errorf("%d attempts, want 16 + 4 + 1", attempts)
			}
		})
	}
}

func TestABurstBeginsCold(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{
		Name: "burst", Load: workload.Load{Shape: workload.Burst, Rate: 100, Requests: 3}, Handler: workload.Work{WaitMS: 1},
		Tasks: 1, Task: workload.Work{WaitMS: 50}, MemoryMB: 128, TimeoutMS: 3000,
	}
	l := local(t, cost.Stream, w, nil)
	for range 2 { // the environments of the first time are gone at the second
		cold := 0
		for _, inv := range round(t, l, w).Invocations {
			if inv.Cold {
				cold++
			}
		}
		if cold == 0 {
			t.Error("no cold start")
		}
	}
}

// Between the rounds of a suite the queue is not quiet for as long as it takes a mapping
// to begin with five batches again, so it is made to.
func TestABurstIntoAQueueBeginsWithFiveBatches(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{
		Name: "burst", Load: workload.Load{Shape: workload.Burst, Rate: 1000, Requests: 12}, Tasks: 1, Task: workload.Work{WaitMS: 500},
		Batch: 1, MemoryMB: 128, TimeoutMS: 3000,
	}
	l := local(t, cost.SQS, w, nil)
	for range 2 {
		var mu sync.Mutex
		var starts []time.Time
		stop := l.worker.Subscribe(func(e lambdatest.Event) {
			if e.Kind == lambdatest.EventBatchStart {
				mu.Lock()
				defer mu.Unlock()
				starts = append(starts, e.Time)
			}
		})
		round(t, l, w)
		stop()
		mu.Lock()
		if slices.SortFunc(starts, time.Time.Compare); len(starts) != 12 {
			t.Errorf("%d batches, want 12", len(starts))
		} else if sixth := starts[5].Sub(starts[0]); sixth < 100*time.Millisecond {
			t.Errorf("the sixth batch began %v after the first, want 200 ms", sixth)
		}
		mu.Unlock()
	}
}

func TestModelledDelaysReachTheFunction(t *testing.T) {
	t.Parallel()
	profile, err := network.New(network.AWS, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := &workload.Workload{
		Name: "w", Load: workload.Load{Shape: workload.Constant, Rate: 100, Requests: 2},
		Tasks: 1, MemoryMB: 128, TimeoutMS: 3000,
	}
	for _, c := range []cost.Contestant{cost.Invoke, cost.SQS} {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			o := round(t, local(t, c, w, profile), w)
			tasks := 0
			for _, m := range o.Marks {
				// The smallest delay of a few is far above what loopback takes: the median is 8 ms.
				if took := time.Duration(m.EndNS - m.StartNS); m.Kind == wire.SendMark && took < time.Millisecond {
					t.Errorf("a call took %v", took)
				}
				if m.Kind == wire.TaskMark {
					tasks++
				}
			}
			if tasks != 2 {
				t.Errorf("%d tasks ran, want 2", tasks)
			}
		})
	}
}

func TestInvocationsHaveTheTimesOfTheReport(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{
		Name: "w", Load: workload.Load{Shape: workload.Constant, Rate: 100, Requests: 1}, Handler: workload.Work{WaitMS: 10},
		Tasks: 1, Task: workload.Work{WaitMS: 50}, MemoryMB: 128, TimeoutMS: 3000,
	}
	before := time.Now().UnixNano()
	o := round(t, local(t, cost.Extension, w, nil), w)
	if len(o.Invocations) != 1 {
		t.Fatalf("%+v", o.Invocations)
	}
	inv := o.Invocations[0]
	if inv.Function != record.Handler || inv.StartNS < before || inv.ResponseNS < inv.StartNS+10e6 || inv.FrozeNS < inv.ResponseNS+50e6 ||
		inv.BilledMS < 60 || inv.PostRuntimeMS <= 0 || !inv.Cold || inv.InitMS == 0 {
		t.Errorf("%+v", inv)
	}
}
