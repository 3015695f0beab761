package chart

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"strconv"
	"strings"
)

// SVG writes the drawing as a file of its own: it brings its ground and both
// colour schemes.
func (d *Drawing) SVG(w io.Writer) error {
	return d.write(w, CSS("svg.chart"), true)
}

// Inline writes the drawing as an element of a page whose style contains
// [CSS]. The page gives the ground.
func (d *Drawing) Inline(w io.Writer) error { return d.write(w, "", false) }

func (d *Drawing) write(w io.Writer, style string, ground bool) error {
	s := &svgWriter{}
	s.id = d.id()
	s.printf(`<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-labelledby="%s-t %s-d">`,
		num(d.Width), num(d.Height), num(d.Width), num(d.Height), s.id, s.id)
	s.printf(`<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, s.id, escape(d.Title), s.id, escape(d.Description))
	if style != "" {
		s.printf("<style>%s</style>", style)
	}
	if d.hatches() {
		s.printf(`<defs><pattern id="%s-h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" class="s-muted" stroke-width="1.6"/></pattern></defs>`, s.id)
	}
	if ground {
		s.printf(`<rect width="%s" height="%s" class="f-paper"/>`, num(d.Width), num(d.Height))
	}
	s.printf("\n")
	for _, m := range d.marks {
		m.svg(s)
	}
	s.printf("</svg>\n")
	_, err := io.WriteString(w, s.b.String())
	return err
}

func (d *Drawing) hatches() bool {
	found := false
	every(d.marks, func(m mark) {
		r, ok := m.(rect)
		found = found || ok && r.hatched
	})
	return found
}

// id keeps the identifiers of several drawings on one page apart, and the same
// from run to run.
func (d *Drawing) id() string {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s %s %v", d.Title, d.Description, d.Width)
	return "c" + strconv.FormatUint(uint64(h.Sum32()), 36)
}

type svgWriter struct {
	b  strings.Builder // its writes do not fail
	id string
}

func (s *svgWriter) printf(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

// element writes an element, with a tooltip if it stands for data.
func (s *svgWriter) element(name, attributes, title string) {
	if title == "" {
		s.printf("<%s %s/>\n", name, attributes)
		return
	}
	s.printf("<%s %s data-mark=\"\"><title>%s</title></%s>\n", name, attributes, escape(title), name)
}

func (r rect) svg(s *svgWriter) {
	a := fmt.Sprintf(`x="%s" y="%s" width="%s" height="%s"`, num(r.x), num(r.y), num(r.w), num(r.h))
	if r.hatched {
		a += fmt.Sprintf(` fill="url(#%s-h)"`, s.id)
	} else {
		a += fmt.Sprintf(` class="f-%s"`, r.fill)
	}
	s.element("rect", a+opacity(r.opacity), r.title)
}

func (p path) svg(s *svgWriter) {
	if len(p.points) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString(`d="`)
	for i, pt := range p.points {
		command := "L"
		if i == 0 {
			command = "M"
		}
		b.WriteString(command + num(pt.X) + " " + num(pt.Y))
	}
	if p.fill != "" {
		b.WriteString("Z")
	}
	b.WriteString(`"`)
	var classes []string
	if p.fill != "" {
		classes = append(classes, "f-"+string(p.fill))
	} else {
		b.WriteString(` fill="none"`)
	}
	if p.stroke != "" {
		classes = append(classes, "s-"+string(p.stroke))
		fmt.Fprintf(&b, ` stroke-width="%s" stroke-linejoin="round"`, num(p.width))
	}
	if len(p.dash) > 0 {
		parts := make([]string, len(p.dash))
		for i, d := range p.dash {
			parts[i] = num(d)
		}
		fmt.Fprintf(&b, ` stroke-dasharray="%s"`, strings.Join(parts, " "))
	}
	fmt.Fprintf(&b, ` class="%s"`, strings.Join(classes, " "))
	s.element("path", b.String()+opacity(p.opacity), p.title)
}

func (d dot) svg(s *svgWriter) {
	switch d.shape {
	case diamond:
		s.element("path", fmt.Sprintf(`d="M%s %sL%s %sL%s %sL%s %sZ" class="f-%s s-paper" stroke-width="1"`,
			num(d.x), num(d.y-d.r), num(d.x+d.r), num(d.y), num(d.x), num(d.y+d.r), num(d.x-d.r), num(d.y), d.fill), d.title)
	case ring:
		s.element("circle", fmt.Sprintf(`cx="%s" cy="%s" r="%s" class="f-paper s-%s" stroke-width="2"`, num(d.x), num(d.y), num(d.r), d.fill), d.title)
	default:
		s.element("circle", fmt.Sprintf(`cx="%s" cy="%s" r="%s" class="f-%s s-paper" stroke-width="1"`, num(d.x), num(d.y), num(d.r), d.fill), d.title)
	}
}

func (t text) svg(s *svgWriter) {
	a := fmt.Sprintf(`x="%s" y="%s" font-size="%s" class="f-%s"`, num(t.x), num(t.y), num(t.size), t.role)
	switch t.anchor {
	case middle:
		a += ` text-anchor="middle"`
	case end:
		a += ` text-anchor="end"`
	case start:
	}
	if t.bold {
		a += ` font-weight="600"`
	}
	s.printf("<text %s>%s</text>\n", a, escape(t.content))
}

func opacity(o float64) string {
	if o == 0 || o == 1 {
		return ""
	}
	return ` opacity="` + num(o) + `"`
}

// num is a number with at most two decimals: a hundredth of a pixel is not seen.
func num(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
