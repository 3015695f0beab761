package chart

import "math"

// Sizes in CSS pixels. Below narrow the names of rows move above them.
const (
	narrow   = 560
	fontBody = 13.0
	fontAxis = 12.0
	padding  = 4.0
	tickRoom = 52.0 // between the ticks of an axis
)

// rows is the layout of a figure with one row for each contestant: names on the
// left, or above the row where there is no room for a column of them.
type rows struct {
	d          *Drawing
	left       float64 // of the plot
	right      float64
	top        float64
	pitch      float64 // from row to row
	nameHeight float64 // above the plot of each row; 0 = names are a column
	noteRight  float64 // where notes end
}

// newRows lays out n rows. Notes are the texts at the end of each row.
func newRows(d *Drawing, names, notes []string, top, height float64) rows {
	r := rows{d: d, top: top, noteRight: d.Width - padding}
	if d.Width < narrow {
		r.left, r.right = padding, d.Width-padding-4
		r.nameHeight = 20
		r.pitch = r.nameHeight + height + 8
		return r
	}
	r.left = padding + widest(names, fontBody, true) + 12
	r.right = d.Width - padding - 4
	if w := widest(notes, fontAxis, false); w > 0 {
		r.right -= w + 12
	}
	r.pitch = height + 10
	return r
}

func widest(names []string, size float64, bold bool) float64 {
	w := 0.0
	for _, n := range names {
		w = math.Max(w, width(n, size, bold))
	}
	return w
}

// plot is where the plot of a row begins and how high it is.
func (r rows) plot(i int) (y, h float64) {
	h = r.pitch - 10
	if r.nameHeight > 0 {
		h = r.pitch - r.nameHeight - 8
	}
	return r.top + float64(i)*r.pitch + r.nameHeight, h
}

func (r rows) bottom(n int) float64 { return r.top + float64(n)*r.pitch }

// label writes the name and the note of a row.
func (r rows) label(i int, name, note string, noteRole Role) {
	y, h := r.plot(i)
	if noteRole == "" {
		noteRole = Muted
	}
	if r.nameHeight > 0 {
		base := y - 6
		r.d.add(text{x: padding, y: base, size: fontBody, role: Ink, bold: true, content: name})
		r.d.add(text{x: r.noteRight, y: base, size: fontAxis, role: noteRole, anchor: end, bold: noteRole == Alarm, content: note})
		return
	}
	base := y + h/2 + 4.5
	r.d.add(text{x: r.left - 12, y: base, size: fontBody, role: Ink, anchor: end, bold: true, content: name})
	if note != "" {
		r.d.add(text{x: r.noteRight, y: base, size: fontAxis, role: noteRole, anchor: end, bold: noteRole == Alarm, content: note})
	}
}

// axis draws the ticks of a horizontal scale below the rows, and the grid behind
// them.
func (d *Drawing) axis(s scale, ticks []float64, format Format, top, bottom float64) {
	last := math.Inf(-1)
	for _, t := range ticks {
		x := s.at(t)
		d.add(line(x, top, x, bottom, Grid, 1))
		label := format(t)
		half := width(label, fontAxis, false) / 2
		at := math.Min(math.Max(x, half+2), d.Width-half-2)
		if at-half < last+6 {
			continue
		}
		last = at + half
		d.add(text{x: at, y: bottom + 16, size: fontAxis, role: Muted, anchor: middle, content: label})
	}
}

// axisName writes what an axis counts, centred below its ticks.
func (d *Drawing) axisName(name string, left, right, bottom float64) {
	lines := wrap(name, d.Width-2*padding)
	for i, l := range lines {
		x := (left + right) / 2
		half := width(l, fontAxis, false) / 2
		x = math.Min(math.Max(x, half+4), d.Width-half-4)
		d.add(text{x: x, y: bottom + 34 + float64(i)*15, size: fontAxis, role: Muted, anchor: middle, content: l})
	}
}

// wrap breaks a note or the name of an axis into lines of at most the given width.
func wrap(s string, limit float64) []string { return wrapped(s, limit, fontAxis, false) }

// key is one entry of a legend.
type key struct {
	label string
	mark  func(x, y float64) []mark // centred on y, 22 px wide
}

// legend writes entries side by side, in as many lines as they need, and
// returns where what follows may begin.
func (d *Drawing) legend(keys []key, top float64) float64 {
	const sample, gap, pitch = 22.0, 16.0, 19.0
	x, y := padding, top+10
	for _, k := range keys {
		w := sample + 6 + width(k.label, fontAxis, false)
		if x > padding && x+w > d.Width-padding {
			x, y = padding, y+pitch
		}
		d.add(k.mark(x, y)...)
		d.add(text{x: x + sample + 6, y: y + 4, size: fontAxis, role: Muted, content: k.label})
		x += w + gap
	}
	return y + 16
}
