package run

import (
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/stack"
	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/benchmarks/workload"
)

const token = 77

// attributed runs attribute over two requests with one task each. Times are
// nanoseconds after the start of the run.
func attributed(t *testing.T, o stack.Observed) ([]*record.Request, *record.Round) {
	t.Helper()
	started := time.Unix(1_000_000_000, 0)
	for i := range o.Marks {
		o.Marks[i].StartNS += started.UnixNano()
		o.Marks[i].EndNS += started.UnixNano()
	}
	for i := range o.Invocations {
		inv := &o.Invocations[i]
		for _, at := range []*int64{&inv.StartNS, &inv.ResponseNS, &inv.FrozeNS} {
			if *at != 0 {
				*at += started.UnixNano()
			}
		}
	}
	b := &bench{workload: &workload.Workload{Tasks: 1}, contestant: cost.SQS, clock: newClock(started)}
	lines := []*record.Request{{Seq: 0}, {Seq: 1}}
	r := &record.Round{}
	b.attribute(lines, r, &o, token)
	return lines, r
}

func TestABatchIsListedOnce(t *testing.T) {
	t.Parallel()
	lines, r := attributed(t, stack.Observed{
		Marks: []wire.Mark{
			{Kind: wire.HandlerMark, Round: token, Seq: 0, RequestID: "h0", StartNS: 1, EndNS: 2},
			{Kind: wire.SendMark, RequestID: "h0", StartNS: 2, EndNS: 3, Messages: 1},
			{Kind: wire.HandlerMark, Round: token, Seq: 1, RequestID: "h1", StartNS: 1, EndNS: 2},
			{Kind: wire.SendMark, RequestID: "h1", StartNS: 2, EndNS: 3, Messages: 1},
			{Kind: wire.TaskMark, Round: token, Seq: 1, RequestID: "w", StartNS: 5, EndNS: 8, Attempt: 1},
			{Kind: wire.TaskMark, Round: token, Seq: 0, RequestID: "w", StartNS: 5, EndNS: 9, Attempt: 1},
		},
		Invocations: []record.Invocation{
			{RequestID: "h0", Function: record.Handler, Environment: "a", StartNS: 1, FrozeNS: 4, BilledMS: 1, Status: "success"},
			{RequestID: "h1", Function: record.Handler, Environment: "b", StartNS: 1, FrozeNS: 4, BilledMS: 1, Status: "success"},
			{RequestID: "w", Function: record.Worker, Environment: "c", StartNS: 4, FrozeNS: 10, BilledMS: 5, Cold: true, Status: "success"},
		},
		Queue: &record.Queue{Send: 2, Receive: 1, Delete: 1, Messages: 2},
	})
	if n := len(lines[0].Invocations); n != 1 {
		t.Errorf("request 0 has %d invocations, want its handler's: the batch ended request 1's task first", n)
	}
	if inv := lines[1].Invocations; len(inv) != 2 || inv[1].RequestID != "w" || inv[1].Requests != 2 {
		t.Errorf("request 1 has %+v", inv)
	}
	if tasks := lines[0].Tasks; len(tasks) != 1 || tasks[0].Environment != "c" || tasks[0].EndNS != 9 {
		t.Errorf("request 0 has the tasks %+v", tasks)
	}
	if h := lines[0].Invocations[0]; h.HandlerEndNS != 2 || len(h.Sends) != 1 || h.Sends[0].EndNS != 3 {
		t.Errorf("handler %+v", h)
	}
	if q := *lines[1].Queue; q != (record.Queue{Send: 1, Receive: 1, Delete: 1, Messages: 1}) {
		t.Errorf("request 1 asked %+v of the queue", q)
	}
	if r.TasksDone != 2 || r.TasksLost != 0 || r.Handler.PeakEnvironments != 2 || r.Worker == nil || r.Worker.ColdStarts != 1 || r.Worker.BilledMS != 5 {
		t.Errorf("round %+v, worker %+v", r, r.Worker)
	}
}

// Lambda repeats an asynchronous invocation under the same request ID.
func TestARetryIsToldByItsTime(t *testing.T) {
	t.Parallel()
	lines, r := attributed(t, stack.Observed{
		Marks: []wire.Mark{
			{Kind: wire.TaskMark, Round: token, RequestID: "w", StartNS: 2, EndNS: 3, Attempt: 1, Failed: true},
			{Kind: wire.TaskMark, Round: token, RequestID: "w", StartNS: 12, EndNS: 13, Attempt: 2},
		},
		Invocations: []record.Invocation{
			{RequestID: "w", Function: record.Worker, Environment: "first", StartNS: 1, FrozeNS: 4},
			{RequestID: "w", Function: record.Worker, Environment: "second", StartNS: 11, FrozeNS: 14},
		},
	})
	tasks := lines[0].Tasks
	if len(tasks) != 2 || tasks[0].Environment != "first" || tasks[1].Environment != "second" || tasks[0].Outcome != record.Failed {
		t.Errorf("%+v", tasks)
	}
	if len(lines[0].Invocations) != 2 || r.Worker.PeakEnvironments != 1 || r.TasksDone != 1 {
		t.Errorf("%+v, %+v", lines[0].Invocations, r)
	}
}

func TestALostTaskIsCounted(t *testing.T) {
	t.Parallel()
	_, r := attributed(t, stack.Observed{Marks: []wire.Mark{
		{Kind: wire.TaskMark, Round: token - 1, Seq: 0, RequestID: "old", StartNS: 1, EndNS: 2}, // of the round before
		{Kind: wire.TaskMark, Round: token, Seq: 1, RequestID: "w", StartNS: 1, EndNS: 2},
	}})
	if r.TasksDone != 1 || r.TasksLost != 1 {
		t.Errorf("%+v", r)
	}
}
