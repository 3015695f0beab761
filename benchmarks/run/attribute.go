package run

import (
	"cmp"
	"slices"

	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/stack"
	"github.com/go-offload/lambda/benchmarks/wire"
)

// attribute gives each request what it set off, and the round its totals.
func (b *bench) attribute(lines []*record.Request, r *record.Round, o *stack.Observed, token int64) {
	a := attribution{
		bench: b, lines: lines, served: map[string][]int{}, handlers: map[string]*wire.Mark{}, sends: map[string][]record.Send{},
	}
	for i := range o.Marks {
		a.mark(&o.Marks[i], token)
	}
	a.invocations(o.Invocations)
	environments := a.environments(o.Invocations)
	for _, q := range lines {
		for i := range q.Tasks {
			q.Tasks[i].Environment = environments(&q.Tasks[i])
		}
		slices.SortStableFunc(q.Tasks, func(x, y record.Task) int { return cmp.Compare(x.StartNS, y.StartNS) })
		done := distinctDone(q.Tasks)
		r.TasksDone += done
		if q.Error == "" {
			r.TasksLost += max(0, b.workload.Tasks-done)
		}
		if o.Queue != nil {
			q.Queue = queueOf(q)
		}
	}
	r.Queue = o.Queue
	r.Handler = fleet(o.Invocations, record.Handler, o.Throttled)
	if worker := fleet(o.Invocations, record.Worker, 0); worker.Invocations > 0 {
		r.Worker = &worker
	}
}

// attribution is what is known about a round's invocations.
type attribution struct {
	bench    *bench
	lines    []*record.Request
	served   map[string][]int // requests by invocation, in the order of their marks
	handlers map[string]*wire.Mark
	sends    map[string][]record.Send
}

// mark takes one mark in. Those of other rounds are of tasks that were lost then.
func (a *attribution) mark(m *wire.Mark, token int64) {
	c := a.bench.clock
	if m.Kind == wire.SendMark { // its invocation says whose it is
		a.sends[m.RequestID] = append(a.sends[m.RequestID], record.Send{
			StartNS: c.wall(m.StartNS), EndNS: c.wall(m.EndNS), Messages: m.Messages, Failed: m.Failed,
		})
		return
	}
	if m.Round != token || m.Seq < 0 || m.Seq >= len(a.lines) {
		return
	}
	if !slices.Contains(a.served[m.RequestID], m.Seq) {
		a.served[m.RequestID] = append(a.served[m.RequestID], m.Seq)
	}
	if m.Kind == wire.HandlerMark {
		a.handlers[m.RequestID] = m
		return
	}
	outcome := record.Done
	if m.Failed {
		outcome = record.Failed
	}
	q := a.lines[m.Seq]
	q.Tasks = append(q.Tasks, record.Task{
		ID: m.ID, StartNS: c.wall(m.StartNS), EndNS: c.wall(m.EndNS), RequestID: m.RequestID, Attempt: m.Attempt, Outcome: outcome,
	})
}

// invocations gives each invocation to the request that it served, the one whose
// task it ended first if there are several.
func (a *attribution) invocations(all []record.Invocation) {
	c := a.bench.clock
	for _, inv := range all {
		served := a.served[inv.RequestID]
		if len(served) == 0 {
			continue // it crashed, or timed out, before it did anything
		}
		inv.StartNS, inv.ResponseNS, inv.FrozeNS = c.wall(inv.StartNS), c.wall(inv.ResponseNS), c.wall(inv.FrozeNS)
		if h := a.handlers[inv.RequestID]; h != nil {
			inv.HandlerStartNS, inv.HandlerEndNS = c.wall(h.StartNS), c.wall(h.EndNS)
		}
		if len(served) > 1 {
			inv.Requests = len(served)
		}
		inv.Sends = a.sends[inv.RequestID]
		slices.SortFunc(inv.Sends, func(x, y record.Send) int { return cmp.Compare(x.StartNS, y.StartNS) })
		q := a.lines[served[0]]
		q.Invocations = append(q.Invocations, inv)
	}
	for _, q := range a.lines {
		slices.SortStableFunc(q.Invocations, func(x, y record.Invocation) int {
			return cmp.Or(cmp.Compare(x.Function, y.Function), cmp.Compare(x.StartNS, y.StartNS))
		})
	}
}

// environments returns where a task ran. Lambda repeats an asynchronous invocation
// under the same request ID, so the time has its say.
func (a *attribution) environments(all []record.Invocation) func(*record.Task) string {
	byID := make(map[string][]*record.Invocation, len(all))
	for i := range all {
		byID[all[i].RequestID] = append(byID[all[i].RequestID], &all[i])
	}
	return func(t *record.Task) string {
		environment := ""
		for _, inv := range byID[t.RequestID] {
			if environment == "" || a.bench.clock.wall(inv.StartNS) <= t.StartNS && t.StartNS <= a.bench.clock.wall(inv.FrozeNS) {
				environment = inv.Environment
			}
		}
		return environment
	}
}

// distinctDone counts the tasks that were done, however often.
func distinctDone(tasks []record.Task) int {
	done := map[int]bool{}
	for _, t := range tasks {
		if t.Outcome == record.Done {
			done[t.ID] = true
		}
	}
	return len(done)
}

// queueOf is what one request asked of SQS.
func queueOf(q *record.Request) *record.Queue {
	var n record.Queue
	for _, inv := range q.Invocations {
		n.Send += len(inv.Sends)
		for _, s := range inv.Sends {
			n.Messages += s.Messages
		}
		if inv.Function == record.Worker {
			n.Receive++
			if inv.Status == "success" {
				n.Delete++
			}
		}
	}
	if n == (record.Queue{}) {
		return nil
	}
	return &n
}

// fleet sums up the invocations of one function. Their times are of the Unix epoch,
// which differences do not notice.
func fleet(all []record.Invocation, function string, throttled int) record.Fleet {
	f := record.Fleet{Throttled: throttled}
	environments := map[string]bool{}
	type edge struct {
		at    int64
		delta int
	}
	var edges []edge
	var busy int64
	for _, inv := range all {
		if inv.Function != function {
			continue
		}
		f.Invocations++
		f.BilledMS += inv.BilledMS
		if inv.Cold {
			f.ColdStarts++
		}
		environments[inv.Environment] = true
		busy += inv.FrozeNS - inv.StartNS
		edges = append(edges, edge{inv.StartNS, 1}, edge{inv.FrozeNS, -1})
	}
	f.Environments = len(environments)
	if len(edges) == 0 {
		return f
	}
	// An environment that is freed at the moment when another one is taken is not needed twice.
	slices.SortFunc(edges, func(x, y edge) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.delta, y.delta)) })
	open := 0
	for _, e := range edges {
		open += e.delta
		f.PeakEnvironments = max(f.PeakEnvironments, open)
	}
	if span := edges[len(edges)-1].at - edges[0].at; span > 0 {
		f.MeanEnvironments = float64(busy) / float64(span)
	}
	return f
}
