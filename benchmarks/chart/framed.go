package chart

import "strings"

// Framed is the drawing with its title above and notes below, for a file that is
// shown without the page around it. Notes are wrapped.
func (d *Drawing) Framed(notes ...string) *Drawing {
	const headline, pitch = 15.0, 16.0
	out := &Drawing{Width: d.Width, Title: d.Title, Description: d.Description}
	y := padding
	for _, l := range wrapped(d.Title, d.Width-2*padding, headline, true) {
		y += headline + 5
		out.add(text{x: padding, y: y, size: headline, role: Ink, bold: true, content: l})
	}
	y += 14
	out.add(group{dy: y, marks: d.marks})
	y += d.Height + 6
	for _, n := range notes {
		for _, l := range wrap(n, d.Width-2*padding) {
			y += pitch
			out.add(text{x: padding, y: y, size: fontAxis, role: Muted, content: l})
		}
		y += 4
	}
	out.Height = y + padding
	return out
}

// group is marks that were laid out for another place, further up by dy.
type group struct {
	dy    float64
	marks []mark
}

func (group) says() string { return "" }

func (g group) svg(s *svgWriter) {
	s.printf("<g transform=\"translate(0 %s)\">\n", num(g.dy))
	for _, m := range g.marks {
		m.svg(s)
	}
	s.printf("</g>\n")
}

func (g group) paint(p *painter) {
	inner := *p
	inner.dy += g.dy
	for _, m := range g.marks {
		m.paint(&inner)
	}
}

// every calls f for all marks, those in groups too.
func every(marks []mark, f func(mark)) {
	for _, m := range marks {
		if g, ok := m.(group); ok {
			every(g.marks, f)
			continue
		}
		f(m)
	}
}

// wrapped breaks a text into lines of at most the given width.
func wrapped(s string, limit, size float64, bold bool) []string {
	var lines []string
	current := ""
	for _, word := range strings.Fields(s) {
		next := strings.TrimSpace(current + " " + word)
		if current != "" && width(next, size, bold) > limit {
			lines = append(lines, current)
			next = word
		}
		current = next
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}
