package chart

import (
	"fmt"
	"math"
	"slices"
)

// Bars compares one number of each contestant, on an axis that begins at zero.
type Bars struct {
	Title, Description string
	Axis               string
	Format             Format // nil = Count
	// Modelled names the second, hatched bar of each row; empty = there is none.
	Measured, Modelled string
	Rows               []Bar
}

// Bar is one row.
type Bar struct {
	Name  string
	Role  Role
	Value float64 // NaN = not measured
	// To is where a thin line from the end of the bar ends, such as the 99th
	// percentile beside the median; 0 = none. One that is OffScale has an arrowhead
	// at the end of the axis instead: it would press the bars into a corner.
	To       float64
	Modelled float64 // NaN = none
	Note     string
	Alarm    bool
}

// farOut is how many times the longest bar a thin line may be long.
const farOut = 1.5

// longest is the longest of the bars, measured or modelled.
func (f Bars) longest() float64 {
	hi := 0.0
	for _, r := range f.Rows {
		for _, v := range []float64{r.Value, r.Modelled} {
			if !math.IsNaN(v) {
				hi = math.Max(hi, v)
			}
		}
	}
	return hi
}

// OffScale reports whether the thin line of some row ends beyond the axis.
func (f Bars) OffScale() bool {
	limit := farOut * f.longest()
	return slices.ContainsFunc(f.Rows, func(r Bar) bool { return limit > 0 && r.To > limit })
}

// Draw lays the figure out.
func (f Bars) Draw(w float64) *Drawing {
	d := &Drawing{Width: w, Title: f.Title, Description: f.Description}
	format := f.Format
	if format == nil {
		format = Count
	}
	var names, notes []string
	hi := f.longest()
	for _, r := range f.Rows {
		names, notes = append(names, r.Name), append(notes, r.Note)
		if r.To <= farOut*f.longest() {
			hi = math.Max(hi, r.To)
		}
	}
	top, height := padding, 20.0
	if f.Modelled != "" {
		height = 26
		top = d.legend([]key{
			{f.Measured, func(x, y float64) []mark { return []mark{rect{x: x, y: y - 5, w: 22, h: 10, fill: Muted}} }},
			{f.Modelled, func(x, y float64) []mark { return []mark{rect{x: x, y: y - 5, w: 22, h: 10, hatched: true}} }},
		}, 0)
	}
	r := newRows(d, names, notes, top, height)
	s, ticks := linear(hi, r.left, r.right)
	bottom := r.bottom(len(f.Rows))
	d.axis(s, ticks, format, top, bottom)
	for i, row := range f.Rows {
		role := Role("")
		if row.Alarm {
			role = Alarm
		}
		r.label(i, row.Name, row.Note, role)
		y, h := r.plot(i)
		d.add(line(r.left, y, r.left, y+h, Muted, 1))
		if f.Modelled != "" && !math.IsNaN(row.Modelled) {
			d.add(rect{
				x: r.left, y: y + h/2 + 1, w: math.Max(s.at(row.Modelled)-r.left, 2), h: h/2 - 3, hatched: true,
				title: fmt.Sprintf("%s: %s %s", row.Name, format(row.Modelled), f.Modelled),
			})
			h = h/2 + 1
		}
		if math.IsNaN(row.Value) {
			continue
		}
		// A value that is too small to see is drawn with two pixels: it is there.
		bar := math.Max(s.at(row.Value)-r.left, 2)
		title := fmt.Sprintf("%s: %s", row.Name, format(row.Value))
		d.add(rect{x: r.left, y: y + 2, w: bar, h: h - 4, fill: row.Role, title: title})
		middle := y + h/2
		switch {
		case row.To > s.to:
			d.add(
				line(r.left+bar, middle, r.right, middle, row.Role, 2),
				path{points: []Point{{r.right - 7, middle - 4}, {r.right, middle}, {r.right - 7, middle + 4}}, stroke: row.Role, width: 2},
			)
		case row.To > row.Value:
			end := s.at(row.To)
			d.add(line(r.left+bar, middle, end, middle, row.Role, 2), line(end, middle-4, end, middle+4, row.Role, 2))
		}
	}
	d.axisName(f.Axis, r.left, r.right, bottom)
	d.Height = bottom + 44 + 15*float64(len(wrap(f.Axis, d.Width-2*padding))-1)
	return d
}
