package report

import (
	"fmt"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
)

// latencies has one figure for each workload.
func (b *builder) latencies() (Section, error) {
	s := Section{
		ID: "latency", Title: "How long the client waits",
		About: "From the intended start of a request to the last byte of its response, over all rounds; percentiles from HDR histograms with three significant digits.",
	}
	how := "Each row is one contestant: the hill is where its requests lie, the disc is the median, the diamond the 99th percentile, the line ends at the slowest. " +
		"Further left is better; the axis is logarithmic, so equal distances are equal factors."
	for _, w := range b.r.Workloads() {
		s.Figures = append(s.Figures, b.latency(w.Name, how))
		how = "To be read as the figure above: further left is better."
	}
	return s, nil
}

func (b *builder) latency(workload, how string) Figure {
	cells := b.r.Of(workload)
	w := cells[0].Workload
	f := Figure{
		ID: "latency-" + workload, Title: title(cells[0]) + ": response latency", Basis: b.basis(),
		How:     how,
		Numbers: &Table{Head: []string{"", "requests", "median (95 % interval)", "p90", "p99", "p99.9", "slowest", "failed"}},
	}
	if w.About != "" {
		f.Facts = append(f.Facts, w.About)
	}
	d := chart.Distributions{
		Title: f.Title, Axis: "time to the last byte of the response, from the intended start",
		Description: "Distribution of the response latency of each contestant on the workload " + title(cells[0]) + ".",
	}
	if w.DeadlineMS > 0 {
		f.Facts = append(f.Facts, fmt.Sprintf("The dashed line is the client's deadline of %s: an answer to its right is no answer.", chart.Seconds(float64(w.DeadlineMS)/1000)))
	}
	for _, c := range cells {
		h := c.Histogram()
		row := chart.Distribution{
			Name: string(c.Contestant), Role: role(c.Contestant), Limit: float64(w.DeadlineMS) / 1000,
			P50: h.At(50).Seconds(), P99: h.At(99).Seconds(), Max: h.At(100).Seconds(),
		}
		for _, bin := range h.Bins() {
			row.Bins = append(row.Bins, chart.Bin{From: bin.From.Seconds(), To: bin.To.Seconds(), Count: bin.Count})
		}
		switch {
		case h.Count() == 0:
			row.Note, row.Alarm = "no answer", true
		case c.Late > 0:
			row.Note, row.Alarm = fmt.Sprintf("%d of %d too late", c.Late, len(c.Requests)), true
		case c.Errors > 0:
			row.Note, row.Alarm = fmt.Sprintf("%d of %d failed", c.Errors, len(c.Requests)), true
		default:
			row.Note = fmt.Sprintf("%s / %s", chart.Seconds(row.P50), chart.Seconds(row.P99))
		}
		d.Rows = append(d.Rows, row)
		f.Numbers.Rows = append(f.Numbers.Rows, latencyRow(c, h))
	}
	for contestant, why := range w.Skip {
		f.Facts = append(f.Facts, fmt.Sprintf("%s does not take part: %s.", contestant, why))
	}
	f.chart = d
	return f
}

func latencyRow(c *analysis.Cell, h *analysis.Histogram) []Value {
	m := c.Median()
	at := func(p float64) Value { return Value{Text: chart.Seconds(h.At(p).Seconds())} }
	row := []Value{{Text: string(c.Contestant)}, {Text: fmt.Sprint(len(c.Requests))}}
	if h.Count() == 0 {
		return append(row, Value{Text: "–"}, Value{Text: "–"}, Value{Text: "–"}, Value{Text: "–"}, Value{Text: "–"}, Value{Text: fmt.Sprint(c.Errors), Alarm: true})
	}
	row = append(row, Value{Text: fmt.Sprintf("%s (%s to %s)", chart.Seconds(m.Value), chart.Seconds(m.Low), chart.Seconds(m.High))})
	return append(row, at(90), at(99), at(99.9), at(100), Value{Text: fmt.Sprint(c.Errors), Alarm: c.Errors > 0})
}
