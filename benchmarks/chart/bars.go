package chart

import (
	"fmt"
	"math"
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
	// percentile beside the median; 0 = none.
	To       float64
	Modelled float64 // NaN = none
	Note     string
	Alarm    bool
}

// Draw lays the figure out.
func (f Bars) Draw(w float64) *Drawing {
	d := &Drawing{Width: w, Title: f.Title, Description: f.Description}
	format := f.Format
	if format == nil {
		format = Count
	}
	var names, notes []string
	hi := 0.0
	for _, r := range f.Rows {
		names, notes = append(names, r.Name), append(notes, r.Note)
		for _, v := range []float64{r.Value, r.To, r.Modelled} {
			if !math.IsNaN(v) {
				hi = math.Max(hi, v)
			}
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
		if row.To > row.Value {
			d.add(line(r.left+bar, y+h/2, s.at(row.To), y+h/2, row.Role, 2), line(s.at(row.To), y+h/2-4, s.at(row.To), y+h/2+4, row.Role, 2))
		}
	}
	d.axisName(f.Axis, r.left, r.right, bottom)
	d.Height = bottom + 44 + 15*float64(len(wrap(f.Axis, d.Width-2*padding))-1)
	return d
}
