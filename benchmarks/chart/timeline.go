package chart

import (
	"fmt"
	"math"
)

// Timeline shows one request of each contestant from its intended start: who is
// busy when, when the client has its answer, when the environment is frozen and
// what is billed.
type Timeline struct {
	Title, Description string
	Axis               string
	Rows               []Lane
	// Until is the end of the axis, in seconds.
	Until float64
}

// Lane is one contestant. All times are seconds from the intended start.
type Lane struct {
	Name string
	Role Role
	// Answer is when the client has the last byte.
	Answer float64
	Spans  []Span
	Note   string
	Alarm  bool
}

// Phase is what an environment does in a span.
type Phase int

// The phases, in the order of the legend.
const (
	Handling Phase = iota
	Working        // a task runs
	Frozen
	Billed // under the others, as a bracket
)

// Span is a stretch of one environment.
type Span struct {
	Phase    Phase
	From, To float64
	Second   bool // in the second environment: a worker
	Title    string
}

// Draw lays the figure out.
func (f Timeline) Draw(w float64) *Drawing {
	d := &Drawing{Width: w, Title: f.Title, Description: f.Description}
	var names, notes []string
	for _, r := range f.Rows {
		names, notes = append(names, r.Name), append(notes, r.Note)
	}
	top := d.legend([]key{
		{"handler", func(x, y float64) []mark { return []mark{rect{x: x, y: y - 5, w: 22, h: 10, fill: Handler}} }},
		{"task", func(x, y float64) []mark { return []mark{rect{x: x, y: y - 5, w: 22, h: 10, fill: Keeps}} }},
		{"frozen", func(x, y float64) []mark { return []mark{rect{x: x, y: y - 5, w: 22, h: 10, hatched: true}} }},
		{"billed", func(x, y float64) []mark { return bracket(x, x+22, y, "") }},
		{"client has the answer", func(x, y float64) []mark { return []mark{dot{x: x + 11, y: y, r: 6, fill: Ink, shape: diamond}} }},
		{"lower line: the worker", func(x, y float64) []mark {
			return []mark{rect{x: x, y: y - 6, w: 10, h: 5, fill: Handler}, rect{x: x + 8, y: y + 2, w: 14, h: 5, fill: Sends}}
		}},
	}, 0)
	r := newRows(d, names, notes, top, 44)
	s, ticks := linear(f.Until, r.left, r.right)
	s.to = math.Max(f.Until, 1e-6) // ends with the data, not with a round number
	kept := ticks[:0]
	for _, t := range ticks {
		if t <= s.to {
			kept = append(kept, t)
		}
	}
	bottom := r.bottom(len(f.Rows))
	d.axis(s, kept, Seconds, top, bottom)
	for i, row := range f.Rows {
		role := Role("")
		if row.Alarm {
			role = Alarm
		}
		r.label(i, row.Name, row.Note, role)
		y, _ := r.plot(i)
		d.add(line(padding, y-4+boolean(r.nameHeight > 0)*-18, w-padding, y-4+boolean(r.nameHeight > 0)*-18, Grid, 1))
		for _, span := range row.Spans {
			f.draw(d, s, row, span, y)
		}
		if row.Answer > 0 {
			d.add(dot{x: s.at(row.Answer), y: y + 9, r: 6.5, fill: Ink, shape: diamond, title: fmt.Sprintf("%s: the client has its answer after %s", row.Name, Seconds(row.Answer))})
		}
	}
	d.axisName(f.Axis, r.left, r.right, bottom)
	d.Height = bottom + 44 + 15*float64(len(wrap(f.Axis, d.Width-2*padding))-1)
	return d
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (f Timeline) draw(d *Drawing, s scale, row Lane, span Span, y float64) {
	if span.Second {
		y += 23
	}
	from, to := math.Max(s.at(span.From), s.a), math.Min(s.at(math.Min(span.To, s.to)), s.b)
	if to < from {
		return
	}
	title := fmt.Sprintf("%s: %s, from %s to %s", row.Name, span.Title, Seconds(span.From), Seconds(span.To))
	wide := math.Max(to-from, 1.5)
	switch span.Phase {
	case Handling:
		d.add(rect{x: from, y: y + 3, w: wide, h: 12, fill: Handler, title: title})
	case Working:
		d.add(rect{x: from, y: y + 3, w: wide, h: 12, fill: row.Role, title: title})
	case Frozen:
		d.add(rect{x: from, y: y + 5, w: wide, h: 8, hatched: true, opacity: 0.7, title: title})
	case Billed:
		d.add(bracket(from, from+wide, y+18, title)...)
	}
}

// bracket is a line with two ends that point up.
func bracket(from, to, y float64, title string) []mark {
	return []mark{path{points: []Point{{from, y - 3}, {from, y}, {to, y}, {to, y - 3}}, stroke: Muted, width: 1.5, title: title}}
}
