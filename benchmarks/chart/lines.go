package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Lines shows how numbers grow with another one, both axes logarithmic.
type Lines struct {
	Title, Description string
	XAxis, YAxis       string
	XFormat, YFormat   Format
	XTicks             []float64 // nil = powers of ten
	Series             []Line
	// Points are single measurements beside the lines.
	Points []Measured
	// Marks are values of X that mean something, such as a break-even.
	Marks []Mark
}

// Line is one series. Its name stands at its end.
type Line struct {
	Name   string
	Role   Role
	Dash   []float64 // nil = a solid line
	Points []XY
}

// Measured is a point that was measured.
type Measured struct {
	Name string
	Role Role
	XY
}

// XY is a point of a series.
type XY struct{ X, Y float64 }

// Mark is a vertical line at X.
type Mark struct {
	X     float64
	Label string // short: it stands at the top of the line
}

// Draw lays the figure out.
func (f Lines) Draw(w float64) *Drawing {
	d := &Drawing{Width: w, Title: f.Title, Description: f.Description}
	x0, x1, y0, y1 := f.bounds()

	top := padding
	ends := w >= narrow
	if !ends { // no room at the right: a legend instead of names at the lines
		var keys []key
		for _, s := range f.Series {
			keys = append(keys, key{s.Name, func(x, y float64) []mark {
				return []mark{line(x, y, x+22, y, s.Role, 2.5, s.Dash...)}
			}})
		}
		top = d.legend(keys, 0)
	}
	if len(f.Points) > 0 {
		top = d.legend([]key{{"measured", func(x, y float64) []mark {
			return []mark{dot{x: x + 11, y: y, r: 4.5, fill: Muted, shape: ring}}
		}}}, top-padding)
	}
	d.add(text{x: padding, y: top + 14, size: fontAxis, role: Muted, content: f.YAxis})
	top += 26
	top += f.markRoom()

	var names []string
	for _, s := range f.Series {
		names = append(names, s.Name)
	}
	right := w - padding - 8
	if ends {
		right -= widest(names, fontAxis, true) + 10
	}
	height := math.Max(240, math.Min(360, w*0.5))
	bottom := top + height
	ys, yticks := logarithmic(y0, y1, bottom, top, 36)
	labels := make([]string, len(yticks))
	for i, t := range yticks {
		labels[i] = f.YFormat(t)
	}
	left := padding + widest(labels, fontAxis, false) + 8
	xs, xticks := logarithmic(x0, x1, left, right, tickRoom)
	if f.XTicks != nil {
		xticks = f.XTicks
	}
	d.axis(xs, xticks, f.XFormat, top, bottom)
	for i, t := range yticks {
		y := ys.at(t)
		d.add(line(left, y, right, y, Grid, 1))
		d.add(text{x: left - 8, y: y + 4, size: fontAxis, role: Muted, anchor: end, content: labels[i]})
	}
	f.drawMarks(d, xs, top, bottom, right)
	for _, s := range f.Series {
		points := make([]Point, 0, len(s.Points))
		for _, p := range s.Points {
			points = append(points, Point{xs.at(p.X), ys.at(p.Y)})
		}
		d.add(path{points: points, stroke: s.Role, width: 2.5, dash: s.Dash, title: s.Name})
	}
	for _, p := range f.Points {
		d.add(dot{x: xs.at(p.X), y: ys.at(p.Y), r: 4.5, fill: p.Role, shape: ring, title: fmt.Sprintf("%s, measured: %s at %s", p.Name, f.YFormat(p.Y), f.XFormat(p.X))})
	}
	if ends {
		f.drawNames(d, xs, ys, right, top, bottom)
	}
	d.axisName(f.XAxis, left, right, bottom)
	d.Height = bottom + 44 + 15*float64(len(wrap(f.XAxis, w-2*padding))-1)
	return d
}

func (f Lines) bounds() (x0, x1, y0, y1 float64) {
	x0, y0 = math.Inf(1), math.Inf(1)
	take := func(p XY) {
		if p.X > 0 && p.Y > 0 {
			x0, x1 = math.Min(x0, p.X), math.Max(x1, p.X)
			y0, y1 = math.Min(y0, p.Y), math.Max(y1, p.Y)
		}
	}
	for _, s := range f.Series {
		for _, p := range s.Points {
			take(p)
		}
	}
	for _, p := range f.Points {
		take(p.XY)
	}
	if math.IsInf(x0, 1) {
		return 1, 10, 1, 10
	}
	return x0, math.Max(x1, x0*1.01), y0 / 1.2, y1 * 1.3
}

const markPitch = 16.0

// markRoom is the height of the labels of the marks: neighbours step down like
// stairs, so that none covers another.
func (f Lines) markRoom() float64 { return float64(min(len(f.Marks), 4)) * markPitch }

func (f Lines) drawMarks(d *Drawing, xs scale, top, bottom, right float64) {
	steps := max(1, min(len(f.Marks), 4))
	for i, m := range f.Marks {
		x := xs.at(m.X)
		y := top - float64(steps-1-i%steps)*markPitch - 6
		d.add(line(x, y+3, x, bottom, Muted, 1, 3, 3))
		t := text{x: x + 5, y: y, size: fontAxis, role: Ink, content: m.Label}
		switch w := width(m.Label, fontAxis, false); {
		case x > (xs.a+right)/2 && x-5-w > 4:
			t.x, t.anchor = x-5, end
		case x+5+w > d.Width-4: // across its line: better than cut off
			t.x = d.Width - 4 - w
		}
		d.add(t)
	}
}

// drawNames writes the names of the lines at their ends, moved apart where they
// would cover each other.
func (f Lines) drawNames(d *Drawing, xs, ys scale, right, top, bottom float64) {
	type label struct {
		s    Line
		x, y float64 // of the end of the line
		at   float64 // of the name
	}
	var labels []label
	for _, s := range f.Series {
		if n := len(s.Points); n > 0 {
			y := ys.at(s.Points[n-1].Y)
			labels = append(labels, label{s, xs.at(s.Points[n-1].X), y, y})
		}
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	const pitch = 16
	for i := range labels {
		if i > 0 {
			labels[i].at = math.Max(labels[i].at, labels[i-1].at+pitch)
		}
	}
	for i := len(labels) - 1; i >= 0; i-- {
		limit := bottom
		if i < len(labels)-1 {
			limit = labels[i+1].at - pitch
		}
		labels[i].at = math.Max(math.Min(labels[i].at, limit), top-20)
	}
	for _, l := range labels {
		d.add(line(l.x+2, l.y, right+10, l.at, l.s.Role, 1))
		d.add(text{x: right + 13, y: l.at + 4, size: fontAxis, role: Ink, bold: true, content: l.s.Name})
	}
}
