package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// Headline is the figure and the table for a README: the response with the longest
// task behind it.
type Headline struct {
	Figure
	Markdown string // the table, with the command that reproduces it
}

// longest is the workload with the most work behind a response.
func (b *builder) longest() string {
	all := b.r.Workloads()
	best := all[0]
	for _, w := range all[1:] {
		if w.Load.Shape == workload.Constant && w.Task.Duration() > best.Task.Duration() {
			best = w
		}
	}
	return best.Name
}

func (b *builder) headline() Headline {
	cells := b.r.Of(b.longest())
	w := cells[0].Workload
	f := Figure{
		ID: "headline", Basis: b.basis(),
		Title: fmt.Sprintf("How long the client waits, with %s of work behind the response", chart.Seconds(w.Task.Duration().Seconds())),
		How:   "Bars: median time to the last byte of the response; the thin line ends at the 99th percentile. Shorter is better.",
		Facts: []string{w.About},
		Numbers: &Table{Head: []string{
			"", "response p50", "p99", "beside the handler alone", "task starts", "all done", "tasks lost", "$ a month (modelled)",
		}},
	}
	bars := chart.Bars{
		Title: f.Title, Axis: "time to the last byte of the response, from the intended start: p50 / p99", Format: chart.Seconds,
		Description: "Median response latency of each contestant on the workload " + title(cells[0]) + ".",
	}
	floor := handlerAlone(cells)
	priced := b.priced()
	priced.Tasks, priced.Task = w.Tasks, analysis.Declared(w).Task
	for _, c := range cells {
		h := c.Histogram()
		bar := chart.Bar{Name: string(c.Contestant), Role: role(c.Contestant), Value: h.At(50).Seconds(), To: h.At(99).Seconds()}
		bar.Note = fmt.Sprintf("%s / %s", chart.Seconds(bar.Value), chart.Seconds(bar.To))
		if c.TasksLost > 0 {
			bar.Note, bar.Alarm = fmt.Sprintf("%s, %d of %d tasks lost", chart.Seconds(bar.Value), c.TasksLost, c.TasksDue), true
		}
		bars.Rows = append(bars.Rows, bar)
		f.Numbers.Rows = append(f.Numbers.Rows, b.headlineRow(c, h, floor, priced))
	}
	if fewest := fewestAnswers(cells); fewest < 100 {
		f.Facts = append(f.Facts, fmt.Sprintf("%d requests each: of fewer than 100, the 99th percentile is the slowest one.", fewest))
	}
	if bars.OffScale() {
		f.Facts = append(f.Facts, "An arrow: the 99th percentile lies beyond the axis, at the number on the right.")
	}
	where := "Times were measured under a local Lambda, with services on loopback; nothing here ran on AWS."
	switch {
	case b.r.Run.Target == "aws":
		where = "Times were measured on AWS."
	case b.r.Run.Network.Profile == "aws":
		where = "Times were measured under a local Lambda, with modelled delays on calls of services; nothing here ran on AWS."
	}
	f.Facts = append(f.Facts, fmt.Sprintf("The dollars in the table are modelled: %s requests a second, %s, a worker of %s, prices of %s.",
		chart.Count(b.o.Rate), megabytes(priced.Function.MemoryMB), megabytes(b.o.WorkerMemoryMB), b.o.Prices.AsOf), where)
	f.chart = bars
	return Headline{Figure: f, Markdown: b.markdown(f)}
}

// fewestAnswers is how many answers the contestant with the fewest had.
func fewestAnswers(cells []*analysis.Cell) int64 {
	fewest := cells[0].Histogram().Count()
	for _, c := range cells[1:] {
		fewest = min(fewest, c.Histogram().Count())
	}
	return fewest
}

// handlerAlone is the median response of the handler without its tasks: the
// goroutine contestant does nothing else before its response. Zero if it was not
// measured.
func handlerAlone(cells []*analysis.Cell) float64 {
	i := slices.IndexFunc(cells, func(c *analysis.Cell) bool { return c.Contestant == cost.Goroutine })
	if i < 0 {
		return 0
	}
	return cells[i].Median().Value
}

func (b *builder) headlineRow(c *analysis.Cell, h *analysis.Histogram, floor float64, w cost.Workload) []Value {
	ratio := "–"
	if floor > 0 && c.Contestant != cost.APIGatewayAsync && h.Count() > 0 {
		ratio = fmt.Sprintf("×%.2f", c.Median().Value/floor)
	}
	month := Value{Text: "not possible", Basis: "modelled"}
	if bill, err := cost.Estimate(w, c.Contestant, b.o.Prices); err == nil {
		month.Text = chart.Dollars(bill.Total().Float64())
	}
	lostTasks := Value{Text: "0"}
	if c.TasksLost > 0 {
		lostTasks = Value{Text: fmt.Sprintf("%d of %d", c.TasksLost, c.TasksDue), Alarm: true}
	}
	return []Value{
		{Text: string(c.Contestant)},
		{Text: chart.Seconds(h.At(50).Seconds())},
		{Text: chart.Seconds(h.At(99).Seconds())},
		{Text: ratio},
		taskTime(c, c.TaskStart().Seconds()), taskTime(c, c.TaskEnd().Seconds()), lostTasks, month,
	}
}

func taskTime(c *analysis.Cell, v float64) Value {
	if v == 0 || lost(c) {
		return Value{Text: "never", Alarm: true}
	}
	return Value{Text: chart.Seconds(v)}
}

// markdown is the table for a README, with what reproduces it.
func (b *builder) markdown(f Figure) string {
	var s strings.Builder
	fmt.Fprintf(&s, "**%s**\n\n", f.Title)
	for i, h := range f.Numbers.Head {
		if i == 0 {
			h = "contestant"
		}
		fmt.Fprintf(&s, "| %s ", h)
	}
	s.WriteString("|\n" + strings.Repeat("|---", len(f.Numbers.Head)) + "|\n")
	for _, row := range f.Numbers.Rows {
		for i, v := range row {
			text := v.Text
			if i == 0 {
				text = "`" + text + "`"
			}
			if v.Alarm {
				text = "**" + text + "**"
			}
			fmt.Fprintf(&s, "| %s ", text)
		}
		s.WriteString("|\n")
	}
	run := b.r.Run
	fmt.Fprintf(&s, "\n%s\n\nMade by `%s` and `%s` on %d cores (%s), %s, %s.\n",
		strings.Join(f.Facts, " "), strings.Join(run.Command, " "), b.o.Command,
		run.Machine.Cores, orUnknown(run.Machine.CPU), run.Go, run.Started.UTC().Format("2006-01-02"))
	return s.String()
}
