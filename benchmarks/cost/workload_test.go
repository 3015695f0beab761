package cost

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says string // what the message has to name
		set  func(*Workload)
	}{
		{"Function.MemoryMB is 127", func(w *Workload) { w.Function.MemoryMB = 127 }},
		{"128 to 10240 MB", func(w *Workload) { w.Function.MemoryMB = 10241 }},
		{"Worker.MemoryMB is 0", func(w *Workload) { w.Worker = &Function{} }},
		{"Function.Arch is \"mips\"", func(w *Workload) { w.Function.Arch = "mips" }},
		{"Function.StorageMB is 511", func(w *Workload) { w.Function.StorageMB = 511 }},
		{"Function.Timeout is 15m0.001s", func(w *Workload) { w.Function.Timeout = MaxTimeout + ms }},
		{"Function.Init is -1ns", func(w *Workload) { w.Function.Init = -1 }},
		{"Function.ColdStarts is 1.01", func(w *Workload) { w.Function.ColdStarts = 1.01 }},
		{"Requests is -1", func(w *Workload) { w.Requests = -1 }},
		{"both set", func(w *Workload) { w.Traffic = Constant(1) }},
		{"Traffic[0].Rate is NaN", func(w *Workload) { w.Requests, w.Traffic = 0, Constant(math.NaN()) }},
		{"Traffic[1].Rate is +Inf", func(w *Workload) { w.Requests, w.Traffic = 0, Hourly(1, math.Inf(1)) }},
		{"Traffic[0].For is 0s", func(w *Workload) { w.Requests, w.Traffic = 0, []Step{{Rate: 1}} }},
		{"Traffic has 100001 steps", func(w *Workload) { w.Requests, w.Traffic = 0, make([]Step, 100_001) }},
		{"Month is 1m0s", func(w *Workload) { w.Month = time.Minute }},
		{"Handler[1] is -1ms", func(w *Workload) { w.Handler = []time.Duration{ms, -ms} }},
		{"Task has 100001 samples", func(w *Workload) { w.Task = make([]time.Duration, 100_001) }},
		{"Tasks is -1", func(w *Workload) { w.Tasks = -1 }},
		{"AtOnce is -1", func(w *Workload) { w.AtOnce = -1 }},
		{"FailureRate is -0.1", func(w *Workload) { w.FailureRate = -0.1 }},
		{"FailureRate is NaN", func(w *Workload) { w.FailureRate = math.NaN() }},
		{"Retries is -1", func(w *Workload) { w.Retries = -1 }},
		{"RetryWait is -1ns", func(w *Workload) { w.RetryWait = -1 }},
		{"Spill is 2", func(w *Workload) { w.Spill = 2 }},
		{"TaskBytes is -1", func(w *Workload) { w.TaskBytes = -1 }},
		{"Logs.Task is -1", func(w *Workload) { w.Logs.Task = -1 }},
		{"Front is \"alb\"", func(w *Workload) { w.Front = "alb" }},
		{"Handoff.Call is -1ns", func(w *Workload) { w.Handoff.Call = -1 }},
		{"Handoff.AtOnce is -1", func(w *Workload) { w.Handoff.AtOnce = -1 }},
		{"Queue.Batch is 11", func(w *Workload) { w.Queue = Queue{FIFO: true, Batch: 11} }},
		{"Queue.Pollers is -1", func(w *Workload) { w.Queue.Pollers = -1 }},
		{"Queue.EPUHours is -1", func(w *Workload) { w.Queue.EPUHours = -1 }},
		{"Provisioned.Environments is -1", func(w *Workload) { w.Provisioned.Environments = -1 }},
		{"Provisioned.For is 721h0m0s", func(w *Workload) { w.Provisioned.For = 721 * time.Hour }},
		{"Extras[0].Per is \"\"", func(w *Workload) { w.Extras = []Extra{{Count: 1}} }},
		{"Extras[0].Count is -1", func(w *Workload) { w.Extras = []Extra{{Per: PerTask, Count: -1}} }},
	} {
		w := golden()
		c.set(&w)
		_, err := Estimate(w, Stream, USEast1())
		if !errors.Is(err, ErrWorkload) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("want ErrWorkload saying %q, got %v", c.says, err)
		}
	}
}

func TestUnknownContestant(t *testing.T) {
	t.Parallel()
	_, err := Estimate(golden(), "lambda", USEast1())
	if !errors.Is(err, ErrContestant) || !strings.Contains(err.Error(), "extension,sqs") {
		t.Errorf("want ErrContestant with the list of names, got %v", err)
	}
	for _, c := range Contestants() {
		if got, err := ParseContestant(string(c)); got != c || err != nil {
			t.Errorf("ParseContestant(%q) = %q, %v", c, got, err)
		}
	}
}

func TestWhatLambdaCannotCarry(t *testing.T) {
	t.Parallel()
	every := Contestants()
	except := func(out ...Contestant) []Contestant {
		var in []Contestant
		for _, c := range every {
			skip := false
			for _, o := range out {
				skip = skip || c == o
			}
			if !skip {
				in = append(in, c)
			}
		}
		return in
	}
	for _, c := range []struct {
		name       string
		set        func(*Workload)
		impossible []Contestant
	}{
		{"nothing wrong", func(*Workload) {}, nil},
		{
			"tasks of 15 minutes fit into a worker only",
			func(w *Workload) { w.Task = []time.Duration{15 * time.Minute} },
			except(Goroutine, Invoke, SQS, SQSAfter),
		},
		{
			// ExtensionSQS needs a worker that can finish what it spills.
			"tasks above 15 minutes fit nowhere",
			func(w *Workload) { w.Task = []time.Duration{15*time.Minute + ms} },
			except(Goroutine),
		},
		{
			"one long sample is enough",
			func(w *Workload) { w.Task = []time.Duration{ms, 15*time.Minute + ms} },
			except(Goroutine),
		},
		{
			"an HTTP API waits 30 seconds for a response",
			func(w *Workload) { w.Front, w.Task = HTTPAPI, []time.Duration{30 * time.Second} },
			[]Contestant{Inline, StreamResponse}, // the latter: no streaming at all
		},
		{
			"a REST API waits 29 seconds, unless the response is streamed",
			func(w *Workload) { w.Front, w.Handler = RESTAPI, []time.Duration{29*time.Second + ms} },
			except(APIGatewayAsync, StreamResponse),
		},
		{
			"tasks above 1 MiB cannot be sent",
			func(w *Workload) { w.TaskBytes = 1<<20 + 1 },
			[]Contestant{Invoke, SQS, SQSAfter, ExtensionSQS},
		},
		{
			"tasks of 1 MiB can",
			func(w *Workload) { w.TaskBytes = 1 << 20 },
			nil,
		},
		{
			"ten of them do not fit into one event",
			func(w *Workload) { w.TaskBytes, w.Queue.Batch = 1<<20, 10 },
			[]Contestant{SQS, SQSAfter, ExtensionSQS},
		},
		{
			"requests above 1 MiB cannot be asynchronous",
			func(w *Workload) { w.RequestBytes = 1<<20 + 1 },
			[]Contestant{APIGatewayAsync},
		},
		{
			"responses above 6 MiB have to be streamed",
			func(w *Workload) { w.ResponseBytes = 6<<20 + 1 },
			except(StreamResponse, APIGatewayAsync),
		},
		{
			"responses above 200 MiB cannot be given",
			func(w *Workload) { w.ResponseBytes = 200<<20 + 1 },
			except(APIGatewayAsync),
		},
	} {
		w := golden()
		c.set(&w)
		for _, contestant := range every {
			_, err := Estimate(w, contestant, USEast1())
			want := false
			for _, i := range c.impossible {
				want = want || i == contestant
			}
			if got := errors.Is(err, ErrImpossible); got != want || (err != nil && !got) {
				t.Errorf("%s: %s: impossible is %v, want %v (%v)", c.name, contestant, got, want, err)
			}
		}
	}
}

func TestEstimateLeavesTheWorkloadAlone(t *testing.T) {
	t.Parallel()
	w := golden()
	w.Handler = []time.Duration{3 * ms, ms, 2 * ms}
	w.Task = []time.Duration{3 * ms, ms, 2 * ms}
	worker := Function{MemoryMB: 128}
	w.Worker = &worker
	if _, err := Recommend(w, Needs{Ordered: true}, USEast1()); err != nil {
		t.Fatal(err)
	}
	if w.Handler[0] != 3*ms || w.Task[0] != 3*ms || worker != (Function{MemoryMB: 128}) || w.Queue.FIFO {
		t.Errorf("the caller's workload was changed: %+v, worker %+v", w, worker)
	}
}
