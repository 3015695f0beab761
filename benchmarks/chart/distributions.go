package chart

import (
	"fmt"
	"math"
)

// Distributions shows how long something took, one row for each contestant: the
// shape of the histogram and its percentiles, on a logarithmic axis.
type Distributions struct {
	Title, Description string
	Axis               string
	Rows               []Distribution
}

// Distribution is one row.
type Distribution struct {
	Name string
	Role Role
	// Bins are the histogram. Empty = nothing was measured, and Note says why.
	Bins []Bin
	// The percentiles that are marked, in seconds.
	P50, P99, Max float64
	Note          string // at the end of the row
	Alarm         bool   // the note is a warning
	// Limit is drawn as a mark on every row if it is above zero: a deadline.
	Limit float64
}

// Bin is a bar of a histogram: Count values from From to To, in seconds.
type Bin struct {
	From, To float64
	Count    int64
}

// Draw lays the figure out.
func (f Distributions) Draw(w float64) *Drawing {
	d := &Drawing{Width: w, Title: f.Title, Description: f.Description}
	var names, notes []string
	lo, hi := math.Inf(1), 0.0
	for _, r := range f.Rows {
		names, notes = append(names, r.Name), append(notes, r.Note)
		if len(r.Bins) > 0 {
			lo, hi = math.Min(lo, r.Bins[0].From), math.Max(hi, math.Max(r.Max, r.Limit))
		}
	}
	if hi == 0 {
		lo, hi = 0.001, 1
	}
	lo, hi = lo/1.15, hi*1.15
	if hi/lo < 4 { // so that the axis has at least two ticks
		lo, hi = lo/2, hi*2
	}

	top := d.legend([]key{
		{"share of requests", func(x, y float64) []mark {
			return []mark{path{points: []Point{{x, y + 6}, {x + 6, y + 3}, {x + 11, y - 7}, {x + 16, y + 3}, {x + 22, y + 6}}, fill: Muted, opacity: 0.45}}
		}},
		{"median", func(x, y float64) []mark { return []mark{dot{x: x + 11, y: y, r: 5, fill: Muted}} }},
		{"99th percentile", func(x, y float64) []mark { return []mark{dot{x: x + 11, y: y, r: 5.5, fill: Muted, shape: diamond}} }},
		{"slowest", func(x, y float64) []mark { return []mark{line(x+11, y-6, x+11, y+6, Muted, 2)} }},
	}, 0)
	r := newRows(d, names, notes, top, 30)
	s, ticks := logarithmic(lo, hi, r.left, r.right, tickRoom)
	bottom := r.bottom(len(f.Rows))
	d.axis(s, ticks, Seconds, top, bottom)
	for i, row := range f.Rows {
		role := Role("")
		if row.Alarm {
			role = Alarm
		}
		r.label(i, row.Name, row.Note, role)
		y, h := r.plot(i)
		base := y + h
		d.add(line(r.left, base, r.right, base, Grid, 1))
		if row.Limit > 0 {
			d.add(line(s.at(row.Limit), y, s.at(row.Limit), base, Alarm, 1.5, 4, 3))
		}
		if len(row.Bins) == 0 {
			continue
		}
		about := fmt.Sprintf("%s: median %s, 99th percentile %s, slowest %s", row.Name, Seconds(row.P50), Seconds(row.P99), Seconds(row.Max))
		d.add(path{points: ridge(row.Bins, s, base, h-4), fill: row.Role, opacity: 0.35, stroke: row.Role, width: 1, title: about})
		x50, x99, xmax := s.at(row.P50), s.at(row.P99), s.at(row.Max)
		d.add(
			line(x50, base, xmax, base, row.Role, 2),
			line(xmax, base-5, xmax, base+5, row.Role, 2),
			dot{x: x99, y: base, r: 5.5, fill: row.Role, shape: diamond, title: about},
			dot{x: x50, y: base, r: 5, fill: row.Role, title: about},
		)
	}
	d.axisName(f.Axis, r.left, r.right, bottom)
	d.Height = bottom + 44 + 15*float64(len(wrap(f.Axis, d.Width-2*padding))-1)
	return d
}

// ridge is the outline of a histogram over a logarithmic scale. Counts are spread
// over the pixels of their bin and smoothed over a few pixels, so that the
// outline does not show where the bins begin; its area is the same for all rows
// of a figure, unless that would be higher than the row.
func ridge(bins []Bin, s scale, base, height float64) []Point {
	n := int(s.b-s.a) + 1
	density := make([]float64, n)
	total := 0.0
	for _, b := range bins {
		total += float64(b.Count)
		from, to := s.at(b.From)-s.a, s.at(b.To)-s.a
		if to-from < 1 {
			mid := (from + to) / 2
			from, to = mid-0.5, mid+0.5
		}
		for x := max(0, int(from)); x <= int(to) && x < n; x++ {
			overlap := math.Min(to, float64(x+1)) - math.Max(from, float64(x))
			if overlap > 0 {
				density[x] += float64(b.Count) * overlap / (to - from)
			}
		}
	}
	const sigma = 2.0 // pixels
	smooth := make([]float64, n)
	for x, v := range density {
		if v == 0 {
			continue
		}
		for k := -6; k <= 6; k++ {
			if x+k >= 0 && x+k < n {
				smooth[x+k] += v * math.Exp(-float64(k*k)/(2*sigma*sigma)) / (sigma * math.Sqrt(2*math.Pi))
			}
		}
	}
	peak := 0.0
	for _, v := range smooth {
		peak = math.Max(peak, v/total)
	}
	// A row that is one narrow peak (0.2 of all requests in one pixel) fills its
	// height; wider ones are lower, down to a third of it, so they stay visible.
	scaleTo := height * math.Max(1.0/3, math.Min(1, math.Sqrt(peak/0.1)))
	var out []Point
	for x, v := range smooth {
		share := 0.0
		if peak > 0 {
			share = v / total / peak
		}
		if share < 0.002 && len(out) == 0 {
			continue
		}
		if len(out) == 0 {
			out = append(out, Point{s.a + float64(x), base})
		}
		out = append(out, Point{s.a + float64(x) + 0.5, base - share*scaleTo})
	}
	for len(out) > 2 && base-out[len(out)-1].Y < 0.002*scaleTo {
		out = out[:len(out)-1]
	}
	if len(out) > 0 {
		out = append(out, Point{out[len(out)-1].X, base})
	}
	return out
}
