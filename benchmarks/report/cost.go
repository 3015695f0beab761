package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
)

// priced is the workload that the costs are modelled for: the everyday one, with
// durations as measured if they were.
func (b *builder) priced() cost.Workload {
	name := b.everyday()
	w, err := b.r.Model(name)
	if err != nil {
		for _, m := range b.r.Workloads() {
			if m.Name == name {
				w = analysis.Declared(m)
			}
		}
	}
	w.Traffic = cost.Constant(b.o.Rate)
	w.Function.MemoryMB = b.o.MemoryMB
	w.Worker = &cost.Function{MemoryMB: b.o.WorkerMemoryMB, Timeout: w.Function.Timeout, Init: w.Function.Init}
	// Any timeout: the figures vary the task up to the longest one.
	w.Function.Timeout, w.Worker.Timeout = cost.MaxTimeout, cost.MaxTimeout
	return w
}

// costs is dollars by task duration, with the points at which another contestant
// becomes the cheapest.
func (b *builder) costs() (Section, error) {
	w := b.priced()
	s := Section{
		ID: "cost", Title: "What it costs",
		About: fmt.Sprintf("Modelled, not measured: prices of %s in %s at %s requests a second, %s for the function and %s for a worker of its own, x86, no free tier.",
			b.o.Prices.AsOf, b.o.Prices.Region, chart.Count(b.o.Rate), megabytes(w.Function.MemoryMB), megabytes(b.o.WorkerMemoryMB)),
	}
	f := Figure{
		ID: "cost-by-task", Title: "Dollars a month by the duration of a task", Basis: []string{"modelled"},
		How: "Follow a line to the right as tasks get longer; the lowest line is the cheapest way. A dashed upright line is a break-even point: to its right another contestant is cheaper. Both axes are logarithmic.",
	}
	crossings, err := b.breakEvens(w)
	if err != nil {
		return s, err
	}
	l := chart.Lines{
		Title: f.Title, XAxis: "duration of the one task of each request", YAxis: "dollars a month",
		XFormat: chart.Seconds, YFormat: chart.Dollars, XTicks: []float64{0.001, 0.01, 0.1, 1, 10, 60, 600},
		Description: "Modelled cost of each contestant for task durations from 1 ms to 15 minutes.",
	}
	curves, err := b.curves(func(c cost.Contestant, x float64) (float64, error) {
		v := w
		v.Tasks, v.Task = 1, []time.Duration{time.Duration(x * float64(time.Second))}
		bill, err := cost.Estimate(v, c, b.o.Prices)
		return bill.Total().Float64(), err
	}, 0.001, cost.MaxTimeout.Seconds()-1)
	if err != nil {
		return s, err
	}
	l.Series = curves.series
	f.Facts = append(f.Facts, curves.merged...)
	for _, x := range crossings {
		l.Marks = append(l.Marks, chart.Mark{X: float64(x.From) / 1000, Label: fmt.Sprintf("%s: %s cheaper than %s", chart.Seconds(float64(x.From)/1000), x.Cheaper, x.Was)})
		text := x.String()
		f.Facts = append(f.Facts, strings.ToUpper(text[:1])+text[1:]+".")
		if b.cheaper == "" {
			b.cheaper = text
		}
	}
	if b.sameSize, err = b.sameMemory(w); err != nil {
		return s, err
	}
	f.Facts = append(f.Facts, b.sameSize)
	f.Sources = b.priceSources()
	f.Numbers, err = b.costNumbers(w)
	if err != nil {
		return s, err
	}
	f.chart = l
	s.Figures = append(s.Figures, f)
	return s, nil
}

// breakEvens are those between the ways that keep tasks: in the process, by
// Invoke, and by a queue.
func (b *builder) breakEvens(w cost.Workload) ([]cost.Crossing, error) {
	w.Tasks = 1
	var all []cost.Crossing
	for _, pair := range [][2]cost.Contestant{{cost.Extension, cost.Invoke}, {cost.Extension, cost.SQS}, {cost.Invoke, cost.SQS}} {
		found, err := cost.BreakEven(w, pair[0], pair[1], b.o.Prices, cost.TaskDuration, 1, cost.MaxTimeout.Milliseconds()-1000)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			if x.Was != "" && x.Cheaper != "" { // not the end of the timeout
				all = append(all, x)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b cost.Crossing) int { return int(a.From - b.From) })
	return all, nil
}

// sameMemory says what becomes of the break-evens when the worker is as large as
// the function: a smaller one is most of what makes sending cheaper.
func (b *builder) sameMemory(w cost.Workload) (string, error) {
	w.Tasks, w.Worker = 1, nil
	size := "With a worker of " + megabytes(w.Function.MemoryMB) + ", the same as the function, "
	var from []string
	for _, sender := range []cost.Contestant{cost.Invoke, cost.SQS} {
		found, err := cost.BreakEven(w, cost.Extension, sender, b.o.Prices, cost.TaskDuration, 1, cost.MaxTimeout.Milliseconds()-1000)
		if err != nil {
			return "", err
		}
		for _, x := range found {
			if x.Cheaper == sender && x.Was == cost.Extension {
				from = append(from, fmt.Sprintf("%s is cheaper than extension from %s on", sender, chart.Seconds(float64(x.From)/1000)))
			}
		}
	}
	if len(from) > 0 {
		return size + strings.Join(from, ", and ") + ".", nil
	}
	return size + "neither invoke nor sqs is ever cheaper than extension: the same milliseconds are billed, and the way to the worker comes on top.", nil
}

func megabytes(n int) string { return chart.Count(float64(n)) + " MB" }

// curves are the lines of a modelled figure. Contestants that differ by less than
// a line's width share one.
type curves struct {
	series []chart.Line
	merged []string
}

// samples is how many points a modelled line has.
const samples = 48

// alike is the share by which two lines may differ and still be drawn as one.
const alike = 0.04

func (b *builder) curves(value func(cost.Contestant, float64) (float64, error), from, to float64) (curves, error) {
	type group struct {
		members []cost.Contestant
		points  []chart.XY
	}
	var groups []group
	for _, c := range cost.Contestants() {
		var points []chart.XY
		for i := range samples {
			x := from * math.Pow(to/from, float64(i)/(samples-1))
			y, err := value(c, x)
			if errors.Is(err, cost.ErrImpossible) {
				break
			}
			if err != nil {
				return curves{}, err
			}
			points = append(points, chart.XY{X: x, Y: y})
		}
		if len(points) == 0 {
			continue
		}
		i := slices.IndexFunc(groups, func(g group) bool {
			return role(g.members[0]) != chart.Loses && role(c) != chart.Loses && closeTo(g.points, points)
		})
		if i < 0 {
			groups = append(groups, group{[]cost.Contestant{c}, points})
		} else {
			groups[i].members = append(groups[i].members, c)
		}
	}
	var out curves
	dashes := [][]float64{nil, {7, 4}, {2, 3}, {10, 3, 2, 3}}
	used := make(map[chart.Role]int)
	for _, g := range groups {
		// The last member names the colour: in-process strategies share their line
		// with inline, and they are what the figure is about.
		r := role(g.members[0])
		if slices.Contains(g.members, cost.Extension) {
			r = chart.Keeps
		}
		name := string(g.members[0])
		if len(g.members) > 1 {
			name = groupName(g.members)
			out.merged = append(out.merged, fmt.Sprintf("“%s” is one line for several that differ by less than %.0f %%: %s.", name, 100*alike, list(g.members)))
		}
		out.series = append(out.series, chart.Line{Name: name, Role: r, Dash: dashes[used[r]%len(dashes)], Points: g.points})
		used[r]++
	}
	return out, nil
}

// groupName is short enough for the end of a line.
func groupName(members []cost.Contestant) string {
	if slices.Contains(members, cost.Inline) && slices.Contains(members, cost.Extension) {
		return "in the process"
	}
	if !slices.ContainsFunc(members, func(c cost.Contestant) bool { return c != cost.SQS && c != cost.SQSAfter }) {
		return "sqs, both hand-offs"
	}
	if !slices.ContainsFunc(members, func(c cost.Contestant) bool { return role(c) != chart.Sends }) {
		return "sent elsewhere"
	}
	return fmt.Sprintf("%s and %d more", members[0], len(members)-1)
}

func closeTo(a, b []chart.XY) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Abs(a[i].Y-b[i].Y) > alike*math.Max(a[i].Y, b[i].Y) {
			return false
		}
	}
	return true
}

// costNumbers is the figure as a table, at a few durations.
func (b *builder) costNumbers(w cost.Workload) (*Table, error) {
	durations := []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 5 * time.Second, time.Minute}
	t := &Table{Head: []string{""}}
	for _, d := range durations {
		t.Head = append(t.Head, chart.Seconds(d.Seconds()))
	}
	for _, c := range cost.Contestants() {
		row := []Value{{Text: string(c)}}
		for _, d := range durations {
			v := w
			v.Tasks, v.Task = 1, []time.Duration{d}
			bill, err := cost.Estimate(v, c, b.o.Prices)
			switch {
			case errors.Is(err, cost.ErrImpossible):
				row = append(row, Value{Text: "not possible"})
			case err != nil:
				return nil, err
			default:
				row = append(row, Value{Text: chart.Dollars(bill.Total().Float64())})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}
