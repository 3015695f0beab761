package offloadotel_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "draw docs/trace.svg anew from the spans of TestOneTrace")

const pictureFile = "../docs/trace.svg"

// picture is the trace as a chart of bars over time, one row for each span.
type picture struct {
	strings.Builder
	begin  time.Time
	perSec float64 // pixels
}

const (
	pictureWidth = 920
	labelWidth   = 250 // left of the bars
	rowHeight    = 30
	topHeight    = 46
	barHeight    = 18
)

// drawTrace writes the picture if -update is set.
func drawTrace(t *testing.T, spans []span) {
	t.Helper()
	if !*update {
		return
	}
	end := spans[0].end()
	for _, s := range spans {
		if s.end().After(end) {
			end = s.end()
		}
	}
	p := &picture{begin: spans[0].begin()}
	p.perSec = (pictureWidth - labelWidth - 20) / end.Sub(p.begin).Seconds()
	height := topHeight + rowHeight*len(spans) + 34
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="system-ui, sans-serif" font-size="13">`, pictureWidth, height)
	p.printf(`<title>One trace from the HTTP request to the task in the worker, across SQS</title>`)
	p.printf(`<rect width="%d" height="%d" fill="#ffffff"/>`, pictureWidth, height)
	p.axis(end, height)
	rows := map[string]int{}
	for i, s := range spans {
		rows[string(s.SpanId)] = i
		if parent, ok := rows[string(s.ParentSpanId)]; ok && i > 0 {
			p.edge(spans[parent], parent, s, i)
		}
		p.bar(s, i)
	}
	answer := p.x(spans[0].end())
	p.printf(`<line x1="%.1f" y1="%d" x2="%.1[1]f" y2="%[3]d" stroke="#b00020" stroke-dasharray="4 3"/>`, answer, topHeight-10, height-26)
	p.printf(`<text x="%.1f" y="%d" fill="#b00020">the client has its answer: %s</text>`, answer+6, height-12, milliseconds(spans[0].end().Sub(p.begin)))
	p.printf(`</svg>`)
	if err := os.WriteFile(pictureFile, []byte(p.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *picture) printf(format string, args ...any) { fmt.Fprintf(&p.Builder, format+"\n", args...) }

func (p *picture) x(at time.Time) float64 { return labelWidth + at.Sub(p.begin).Seconds()*p.perSec }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// axis has about eight marks.
func (p *picture) axis(end time.Time, height int) {
	whole := end.Sub(p.begin)
	step := time.Duration(math.Pow(10, math.Floor(math.Log10(float64(whole)))))
	for whole/step < 5 {
		step /= 2
	}
	for at := time.Duration(0); at <= whole; at += step {
		x := p.x(p.begin.Add(at))
		p.printf(`<line x1="%.1f" y1="%d" x2="%.1[1]f" y2="%[3]d" stroke="#e3e3e3"/>`, x, topHeight-16, height-26)
		p.printf(`<text x="%.1f" y="%d" fill="#666666" text-anchor="middle">%s</text>`, x, topHeight-22, milliseconds(at))
	}
}

func (p *picture) bar(s span, row int) {
	colour := map[string]string{"client": "#6b7280", "checkout": "#2563eb", "worker": "#15803d"}[s.service]
	y := topHeight + row*rowHeight
	from, to := p.x(s.begin()), p.x(s.end())
	p.printf(`<rect x="%.1f" y="%d" width="%.1f" height="%d" rx="3" fill="%s"/>`, from, y, max(to-from, 2), barHeight, colour)
	p.printf(`<text x="8" y="%d" fill="%s">%s</text><text x="%d" y="%d" fill="#666666" text-anchor="end">%s</text>`,
		y+barHeight-4, colour, s.Name, labelWidth-12, y+barHeight-4, s.service)
}

// edge leads from the parent's row to the child's.
func (p *picture) edge(parent span, from int, child span, to int) {
	x := min(max(p.x(child.begin()), p.x(parent.begin())), p.x(parent.end()))
	y1, y2 := topHeight+from*rowHeight+barHeight, topHeight+to*rowHeight+barHeight/2
	p.printf(`<path d="M%.1f %d V%d H%.1f" fill="none" stroke="#9ca3af"/>`, x, y1, y2, p.x(child.begin()))
}
