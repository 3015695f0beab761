package analysis

import (
	"math"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/record/recordtest"
	"github.com/go-offload/lambda/benchmarks/workload"
)

const ms = time.Millisecond

func TestTheModelAddsUpWhatIsBilled(t *testing.T) {
	t.Parallel()
	for _, c := range Of(recordtest.File(recordtest.Options{})).Check() {
		if c.Burst && (c.Contestant == cost.SQS || c.Contestant == cost.SQSAfter) {
			continue // the generator has no event source mapping, which would begin with five workers
		}
		if c.Skipped != "" || math.Abs(c.BilledOff()) > 0.02 || math.Abs(c.BusyOff()) > 0.10 {
			t.Errorf("%s on %s: billed %.1f and %.1f, busy %.2f and %.2f %s", c.Contestant, c.Workload, c.BilledModel, c.BilledMeasured, c.BusyModel, c.BusyMeasured, c.Skipped)
		}
		if math.Abs(c.InlineOff()) > 0.25 { // the generator's noise is each contestant's own
			t.Errorf("%s on %s: billed %.1f and %.1f from inline", c.Contestant, c.Workload, c.BilledInline, c.BilledMeasured)
		}
	}
}

// longer makes some invocations last longer behind their response.
func longer(f *record.File, c cost.Contestant, function string, by time.Duration) {
	for i := range f.Requests {
		q := &f.Requests[i]
		for k := range q.Invocations {
			if v := &q.Invocations[k]; q.Contestant == string(c) && v.Function == function {
				v.BilledMS += by.Milliseconds()
				v.DurationMS += float64(by / ms)
				v.FrozeNS += int64(by)
			}
		}
	}
}

func TestTheCheckSeesWhatRunsBehindAResponse(t *testing.T) {
	t.Parallel()
	// Nobody knows of it from the durations that the model is given, whoever's it is.
	for _, c := range []struct {
		contestant cost.Contestant
		function   string
	}{{cost.Stream, record.Handler}, {cost.Extension, record.Handler}, {cost.Goroutine, record.Handler}, {cost.SQS, record.Worker}} {
		f := recordtest.File(recordtest.Options{Workloads: []workload.Workload{recordtest.Order()}})
		longer(f, c.contestant, c.function, 30*ms)
		for _, row := range Of(f).Check() {
			missed := row.BilledMeasured - row.BilledModel
			if row.Contestant == c.contestant && (missed < 25 || missed > 32) || row.Contestant != c.contestant && math.Abs(row.BilledOff()) > 0.02 {
				t.Errorf("30 ms more of %s: %s is off by %.1f ms", c.contestant, row.Contestant, missed)
			}
			if row.Contestant == c.contestant && row.BusyOff() > -0.05 {
				t.Errorf("%s: the environments are off by %.3f", c.contestant, row.BusyOff())
			}
		}
	}
}

// hand is a file of two invocations of each contestant, in milliseconds.
func hand() *record.File {
	w := recordtest.Order()
	f := &record.File{Workloads: []record.Workload{{Workload: w}}}
	add := func(c cost.Contestant, invocations []record.Invocation, tasks ...record.Task) {
		for seq := range 2 {
			f.Requests = append(f.Requests, record.Request{
				Workload: w.Name, Contestant: string(c), Round: 1, Seq: seq, IntendedNS: 0, DoneNS: 1e9, Status: 200, Invocations: invocations, Tasks: tasks,
			})
		}
		f.Rounds = append(f.Rounds, record.Round{Workload: w.Name, Contestant: string(c), Round: 1, Requests: 2})
	}
	invocation := func(id, function string, start, response, froze int64) record.Invocation {
		return record.Invocation{
			RequestID: id, Function: function, StartNS: start * 1e6, ResponseNS: response * 1e6, FrozeNS: froze * 1e6,
			DurationMS: float64(froze - start), BilledMS: froze - start, Status: "success",
		}
	}
	task := func(id string, start, end int64) record.Task {
		return record.Task{RequestID: id, StartNS: start * 1e6, EndNS: end * 1e6, Attempt: 1, Outcome: record.Done}
	}
	inline := invocation("i", record.Handler, 1000, 1322, 1324)
	inline.HandlerStartNS, inline.HandlerEndNS = 1001e6, 1021e6
	add(cost.Inline, []record.Invocation{inline}, task("i", 1021, 1321))
	add(cost.Goroutine, []record.Invocation{invocation("g", record.Handler, 1000, 1030, 1032)}, task("g", 5000, 5300))
	add(cost.Stream, []record.Invocation{invocation("s", record.Handler, 1000, 1040, 1350)}, task("s", 1041, 1349))
	front := invocation("q", record.Handler, 1000, 1050, 1052)
	front.Sends = []record.Send{{StartNS: 1025e6, EndNS: 1033e6}, {StartNS: 1026e6, EndNS: 1035e6}}
	add(cost.SQS, []record.Invocation{front, invocation("w", record.Worker, 1060, 1370, 1375)}, task("w", 1061, 1365))
	after := invocation("a", record.Handler, 1000, 1030, 1043)
	after.Sends = []record.Send{{StartNS: 1031e6, EndNS: 1041e6}}
	add(cost.SQSAfter, []record.Invocation{after, invocation("v", record.Worker, 1060, 1370, 1372)}, task("v", 1061, 1365))
	// Lambda repeats what failed under the same request ID.
	failed := invocation("r", record.Handler, 1000, 1200, 1201)
	failed.Status = "error"
	attempt, repeated := task("r", 1021, 1199), task("r", 2021, 2331)
	repeated.Attempt = 1
	attempt.Outcome = record.Failed
	add(cost.APIGatewayAsync, []record.Invocation{failed, invocation("r", record.Handler, 2000, 2340, 2342)}, attempt, repeated)
	// A task that failed for good in the process goes to the queue, and its worker
	// says nothing of how long a task takes here.
	spilled := invocation("e", record.Handler, 1000, 1025, 1330)
	spilled.Sends = []record.Send{{StartNS: 1326e6, EndNS: 1329e6}}
	add(cost.ExtensionSQS, []record.Invocation{spilled, invocation("x", record.Worker, 1340, 1440, 1442)}, task("e", 1026, 1326), task("x", 1341, 1439))
	// Workers have a way of their own from the response to the freeze, and may be many.
	many := []record.Invocation{invocation("p", record.Handler, 1000, 1030, 1032)}
	for range 10 {
		many = append(many, invocation("u", record.Worker, 1060, 1370, 1379))
	}
	add(cost.Invoke, many)
	return f
}

func TestTheDurationsThatTheModelIsGiven(t *testing.T) {
	t.Parallel()
	r := Of(hand())
	// From the response to the end inline, goroutine, the asynchronous one and the front
	// of sqs take 2 ms.
	if got := r.closing("order"); got != 2*ms {
		t.Errorf("%v from the response to the freeze, want 2 ms", got)
	}
	for c, want := range map[cost.Contestant]struct{ handler, task, call time.Duration }{
		cost.Inline:    {24 * ms, 300 * ms, 0},       // 322 - 300 + 2
		cost.Goroutine: {32 * ms, 300 * ms, 0},       // 30 + 2, and none of the 300 that ran later
		cost.Stream:    {42 * ms, 308 * ms, 0},       // 40 + 2
		cost.SQS:       {42 * ms, 312 * ms, 10 * ms}, // 50 - 10 + 2; 310 + 2; two calls at once, from 1,025 to 1,035
		cost.SQSAfter:  {32 * ms, 312 * ms, 10 * ms}, // 30 + 2: the call is behind the response
		// 340 - 310 + 2; the attempt that failed counts nowhere.
		cost.APIGatewayAsync: {32 * ms, 310 * ms, 0},
		cost.ExtensionSQS:    {27 * ms, 300 * ms, 0},
	} {
		w, err := r.Predict("order", c)
		if err != nil {
			t.Fatal(err)
		}
		if w.Handler[0] != want.handler || w.Task[0] != want.task {
			t.Errorf("%s: handler %v and task %v, want %v and %v", c, w.Handler, w.Task, want.handler, want.task)
		}
		if want.call > 0 && w.Handoff.Call != want.call {
			t.Errorf("%s: a call takes %v, want %v", c, w.Handoff.Call, want.call)
		}
	}
	// Bills: stream 42 + 308 is what was measured; the goroutine's 32 too. sqs is
	// modelled with 52 + 312, as long as its worker takes 2 ms from its response to
	// its end like the others: it took 5, which nobody could know.
	for _, row := range r.Check() {
		want, ok := map[cost.Contestant][2]float64{
			cost.Inline: {324, 324}, cost.Goroutine: {32, 32}, cost.Stream: {350, 350}, cost.SQS: {364, 367}, cost.SQSAfter: {354, 355},
		}[row.Contestant]
		if ok && (row.BilledModel != want[0] || row.BilledMeasured != want[1]) {
			t.Errorf("%s: billed %v and %v, want %v %s", row.Contestant, row.BilledModel, row.BilledMeasured, want, row.Skipped)
		}
	}
}

func TestWhoHasMoreRequestsHasNoMoreToSay(t *testing.T) {
	t.Parallel()
	f := hand() // all of them take 2 ms from the response to the end
	for i := range f.Requests {
		if q := &f.Requests[i]; q.Contestant == string(cost.Goroutine) {
			q.Invocations[0].ResponseNS -= 9e6
			for range 20 {
				f.Requests = append(f.Requests, *q)
			}
		}
	}
	if got := Of(f).closing("order"); got != 2*ms {
		t.Errorf("%v, want 2 ms: one contestant of several takes longer", got)
	}
}

func TestWithoutTheTimeOfTheResponseInlineIsAllThereIs(t *testing.T) {
	t.Parallel()
	f := hand()
	for i := range f.Requests {
		for k := range f.Requests[i].Invocations {
			f.Requests[i].Invocations[k].ResponseNS = 0
		}
	}
	for _, row := range Of(f).Check() {
		if row.BilledModel != row.BilledInline || row.BilledModel == 0 {
			t.Errorf("%s: %v, and %v from inline", row.Contestant, row.BilledModel, row.BilledInline)
		}
	}
}

func TestInvocationsOfAKind(t *testing.T) {
	t.Parallel()
	f := hand()
	// A retry of stream makes a kind of its own; a task that a goroutine ended long
	// after its invocation makes none.
	again := f.Requests[4].Tasks[0]
	again.Attempt = 2
	f.Requests[4].Tasks = append(f.Requests[4].Tasks, again)
	f.Requests[4].Invocations = []record.Invocation{f.Requests[4].Invocations[0]}
	f.Requests[4].Invocations[0].RequestID = "other"
	for i := range f.Requests[4].Tasks {
		f.Requests[4].Tasks[i].RequestID = "other"
	}
	r := Of(f)
	for c, want := range map[cost.Contestant]int{cost.Inline: 1, cost.Goroutine: 1, cost.Stream: 2, cost.SQS: 2} {
		if got := len(r.Cell("order", c).kinds()); got != want {
			t.Errorf("%s has %d kinds, want %d", c, got, want)
		}
	}
	k := make(kind, 9) // two at either end are left out
	if n := len(k.middle()); n != 5 {
		t.Errorf("%d of nine in the middle", n)
	}
}

func TestABurstIsSimulatedAsItWasSent(t *testing.T) {
	t.Parallel()
	f := recordtest.File(recordtest.Options{Workloads: []workload.Workload{recordtest.Burst()}, Contestants: []cost.Contestant{cost.Inline}, Rounds: 1})
	last := len(f.Requests) - 1 // a client that hung sent them all at its end
	for i := range f.Requests {
		f.Requests[i].SentNS = f.Requests[last].SentNS
	}
	r := Of(f)
	if row := r.Check()[0]; row.BusyModel != 40 {
		t.Errorf("%v environments for 40 requests at once, want 40", row.BusyModel)
	}
	if at := (&Cell{Requests: []record.Request{{Round: 1, SentNS: 9}, {Round: 1, SentNS: 7}, {Round: 2, SentNS: 1}, {Round: 1}}}).sent(1); len(at) != 2 || at[0] != 0 || at[1] != 2 {
		t.Errorf("sent at %v, want 0 and 2", at)
	}
	if at := r.Cells[0].sent(7); at == nil || len(at) > 0 { // nil would be evenly spaced ones
		t.Errorf("a round that was not: %v", at)
	}
}

func TestABurstIsSimulatedWithItsOwnInits(t *testing.T) {
	t.Parallel()
	f := recordtest.File(recordtest.Options{Workloads: []workload.Workload{recordtest.Burst()}, Contestants: []cost.Contestant{cost.Inline, cost.Stream}, Rounds: 2})
	// 40 requests in a second, which keep an environment for 330 ms. If an environment
	// takes two seconds to start, each of them needs its own; and if handlers take two
	// seconds in the second round, each needs its own there.
	for i := range f.Requests {
		if q := &f.Requests[i]; q.Contestant == string(cost.Inline) && q.Round == 2 {
			v := &q.Invocations[0]
			v.DurationMS, v.BilledMS = v.DurationMS+2000, v.BilledMS+2000
			v.ResponseNS, v.FrozeNS = v.ResponseNS+2e9, v.FrozeNS+2e9
			q.Tasks[0].StartNS, q.Tasks[0].EndNS = q.Tasks[0].StartNS+2e9, q.Tasks[0].EndNS+2e9
		}
	}
	for i := range f.Requests {
		for k := range f.Requests[i].Invocations {
			if v := &f.Requests[i].Invocations[k]; v.Cold && f.Requests[i].Contestant == string(cost.Stream) {
				v.InitMS = 2000
			}
		}
	}
	for _, row := range Of(f).Check() {
		if !row.Burst {
			t.Errorf("%+v", row)
		}
		switch row.Contestant {
		case cost.Stream:
			if row.BusyModel != 40 {
				t.Errorf("%v environments for 40 requests that all meet none, want 40", row.BusyModel)
			}
		default:
			if row.BusyModel < 25 || row.BusyModel > 30 {
				t.Errorf("%v environments on average, want 13 to 15 in one round and 40 in the other", row.BusyModel)
			}
		}
	}
}

func TestARoundInWhichTheMachineHungDoesNotDecide(t *testing.T) {
	t.Parallel()
	f := recordtest.File(recordtest.Options{Workloads: []workload.Workload{recordtest.Burst()}, Contestants: []cost.Contestant{cost.Inline}, Rounds: 3})
	want := Of(f).Check()[0]
	f.Rounds[1].Handler.Environments *= 10
	if row := Of(f).Check()[0]; row.BusyMeasured != want.BusyMeasured || want.BusyMeasured < 1 {
		t.Errorf("%v environments, want %v", row.BusyMeasured, want.BusyMeasured)
	}
	f.Rounds[2].Handler.Environments *= 10
	if row := Of(f).Check()[0]; row.BusyMeasured == want.BusyMeasured {
		t.Error("two rounds of three had ten times as many environments, and it does not show")
	}
}

func TestAWorkersInvocationHasItsShareOfTheRuntime(t *testing.T) {
	t.Parallel()
	r := Of(recordtest.File(recordtest.Options{}))
	plain, err := r.fromInline("order", cost.Stream)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := r.fromInline("order", cost.SQSAfter)
	if err != nil {
		t.Fatal(err)
	}
	// The generator's invocations have about a millisecond around the work.
	if d := sent.Task[0] - plain.Task[0]; d < 200*time.Microsecond || d > 20*time.Millisecond {
		t.Errorf("%v more in a worker", d)
	}
}

func TestWorkersWithBatchesAreModelledWithThem(t *testing.T) {
	t.Parallel()
	f := recordtest.File(recordtest.Options{Workloads: []workload.Workload{recordtest.Order()}})
	for i := range f.Requests {
		q := &f.Requests[i]
		switch { // one worker serves requests 0 and 1 of every three
		case q.Contestant != string(cost.SQS):
		case q.Seq%3 == 0:
			q.Invocations[1].Requests = 2
		case q.Seq%3 == 1:
			q.Tasks[0].RequestID = "another's"
			q.Invocations = q.Invocations[:1]
		}
	}
	r := Of(f)
	c, err := r.check(r.Cell("order", cost.SQS))
	if err != nil || math.Abs(c.BilledOff()) > 0.03 || c.BilledMeasured > 250 {
		t.Errorf("%v: billed %.1f and %.1f", err, c.BilledModel, c.BilledMeasured)
	}
}
