package report

import (
	"fmt"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// timelines shows one request of each contestant.
func (b *builder) timelines() (Section, error) {
	s := Section{
		ID: "timeline", Title: "What happens when",
		About: "One request of each contestant: the median one, by when its last task was done.",
	}
	if w := b.everyday(); w != "" {
		s.Figures = append(s.Figures, b.timeline(w))
	}
	return s, nil
}

// everyday is the workload that stands for ordinary traffic: steady, warm, with
// tasks; the first of that kind.
func (b *builder) everyday() string {
	for _, w := range b.r.Workloads() {
		if w.Load.Shape == workload.Constant && w.Tasks > 0 {
			return w.Name
		}
	}
	return b.r.Workloads()[0].Name
}

func (b *builder) timeline(name string) Figure {
	cells := b.r.Of(name)
	f := Figure{
		ID: "timeline-" + name, Title: title(cells[0]) + ": one invocation", Basis: b.basis(),
		How: "Time runs to the right. The client waits until the diamond; dark is the handler, the colour is a task, hatched is frozen, and the bracket below is what Lambda bills. " +
			"A task to the right of the diamond costs the client nothing; a task on the lower line runs in another invocation.",
		Numbers: &Table{Head: []string{"", "answer after", "first task starts", "last task ends", "frozen after", "billed"}},
	}
	d := chart.Timeline{
		Title: f.Title, Axis: "time since the intended start of the request",
		Description: "Handler, response, tasks, freeze and billed time of one request of each contestant.",
	}
	for _, c := range cells {
		if c.Contestant == cost.Goroutine && !lost(c) {
			f.Facts = append(f.Facts, "goroutine: the task was frozen with its environment, and got on only while other requests happened to thaw it.")
		}
		q := c.Typical()
		if q == nil {
			continue
		}
		lane := laneOf(c, q)
		for _, s := range lane.Spans {
			if s.Phase != chart.Frozen {
				d.Until = max(d.Until, s.To)
			}
		}
		d.Rows = append(d.Rows, lane)
		f.Numbers.Rows = append(f.Numbers.Rows, timelineRow(c, q))
	}
	d.Until *= 1.12
	for i := range d.Rows { // until the next event, of which nothing is known
		for k := range d.Rows[i].Spans {
			if s := &d.Rows[i].Spans[k]; s.Phase == chart.Frozen {
				s.To = max(d.Until, s.From)
			}
		}
	}
	f.chart = d
	return f
}

func laneOf(c *analysis.Cell, q *record.Request) chart.Lane {
	at := func(ns int64) float64 { return float64(ns-q.IntendedNS) / 1e9 }
	lane := chart.Lane{Name: string(c.Contestant), Role: role(c.Contestant), Answer: at(q.DoneNS)}
	billed := int64(0)
	for i, v := range q.Invocations {
		second := v.Function == record.Worker
		if second && i > 1 { // a fan-out has many workers: one line cannot show them
			billed += v.BilledMS
			continue
		}
		end := v.FrozeNS
		if end == 0 {
			end = v.StartNS + int64(v.DurationMS*1e6)
		}
		handlerEnd := v.HandlerEndNS
		if handlerEnd == 0 {
			handlerEnd = end
		}
		what := "the handler's invocation"
		if second {
			what = "the worker's invocation"
		}
		lane.Spans = append(
			lane.Spans,
			chart.Span{Phase: chart.Handling, From: at(v.StartNS), To: at(handlerEnd), Second: second, Title: what},
			chart.Span{Phase: chart.Billed, From: at(v.StartNS), To: at(v.StartNS) + float64(v.BilledMS)/1e3, Second: second, Title: fmt.Sprintf("billed %d ms", v.BilledMS)},
			chart.Span{Phase: chart.Frozen, From: at(end), To: at(end), Second: second, Title: "frozen until the next event"},
		)
		billed += v.BilledMS
	}
	for _, t := range q.Tasks {
		if lost(c) {
			continue // this one was thawed by luck; the row shows what is usual
		}
		if c.Contestant == cost.Goroutine {
			lane.Spans = append(lane.Spans, thawed(c, q, t)...)
			continue
		}
		lane.Spans = append(lane.Spans, chart.Span{
			Phase: chart.Working, From: at(t.StartNS), To: at(t.EndNS),
			Second: elsewhere(q, t), Title: fmt.Sprintf("task %d", t.ID),
		})
	}
	lane.Note = fmt.Sprintf("billed %d ms", billed)
	if c.TasksLost > 0 {
		lane.Note, lane.Alarm = fmt.Sprintf("%d of %d tasks lost", c.TasksLost, c.TasksDue), true
	}
	return lane
}

// thawed are the stretches of a task that was left behind in which its environment
// was awake, for its own request or for others.
func thawed(c *analysis.Cell, q *record.Request, t record.Task) []chart.Span {
	var out []chart.Span
	for i := range c.Requests {
		if c.Requests[i].Round != q.Round {
			continue
		}
		for _, v := range c.Requests[i].Invocations {
			from, to := max(v.StartNS, t.StartNS), min(v.FrozeNS, t.EndNS)
			if v.Environment == t.Environment && from < to {
				out = append(out, chart.Span{
					Phase: chart.Working, From: float64(from-q.IntendedNS) / 1e9, To: float64(to-q.IntendedNS) / 1e9,
					Title: fmt.Sprintf("task %d goes on while its environment is awake", t.ID),
				})
			}
		}
	}
	return out
}

// lost reports whether losing tasks is what usually happens.
func lost(c *analysis.Cell) bool { return 2*c.TasksLost >= c.TasksDue && c.TasksDue > 0 }

// elsewhere reports whether a task ran in a worker's invocation.
func elsewhere(q *record.Request, t record.Task) bool {
	for _, v := range q.Invocations {
		if v.Function == record.Worker && (v.RequestID == t.RequestID || v.Environment == t.Environment || v.StartNS <= t.StartNS && t.EndNS <= v.FrozeNS) {
			return true
		}
	}
	return false
}

func timelineRow(c *analysis.Cell, q *record.Request) []Value {
	after := func(ns int64) Value {
		if ns == 0 {
			return Value{Text: "never"}
		}
		return Value{Text: chart.Seconds(float64(ns-q.IntendedNS) / 1e9)}
	}
	row := []Value{{Text: string(c.Contestant)}, after(q.DoneNS)}
	if len(q.Tasks) == 0 || lost(c) {
		row = append(row, Value{Text: "lost", Alarm: true}, Value{Text: "lost", Alarm: true})
	} else {
		first, last := q.Tasks[0].StartNS, q.Tasks[0].EndNS
		for _, t := range q.Tasks {
			first, last = min(first, t.StartNS), max(last, t.EndNS)
		}
		row = append(row, after(first), after(last))
	}
	billed := int64(0)
	for _, v := range q.Invocations {
		billed += v.BilledMS
	}
	return append(row, after(q.Invocations[0].FrozeNS), Value{Text: fmt.Sprintf("%d ms", billed)})
}
