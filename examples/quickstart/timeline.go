package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Columns of a row: label, chart, note. The chart takes what is left.
const (
	indentColumns = 2
	labelColumns  = 13
	noteColumns   = 20
)

// shortestScale is the time that a chart shows at least, so that the charts of all
// scenarios have the same scale and can be compared by eye.
const shortestScale = 1200 * time.Millisecond

const (
	running  = '█'
	frozen   = '░'
	answered = '●'
	guide    = '┊'
)

// cell is one character of a chart.
type cell struct {
	r rune
	c colour
}

// chart maps time to columns.
type chart struct {
	columns int
	scale   time.Duration
}

// edge is the boundary between two columns that is nearest to a moment.
func (ch chart) edge(at time.Duration) int {
	return min(max(int((int64(at)*int64(ch.columns)+int64(ch.scale)/2)/int64(ch.scale)), 0), ch.columns)
}

// column is the one that begins at that edge.
func (ch chart) column(at time.Duration) int { return min(ch.edge(at), ch.columns-1) }

// last is the column that a span that ends at a moment fills last.
func (ch chart) last(s span) int { return max(ch.column(s.from), ch.edge(s.to)-1) }

// fill draws a span, at least one column of it.
func (ch chart) fill(row []cell, s span, r rune, c colour) {
	for i := ch.column(s.from); i <= ch.last(s); i++ {
		row[i] = cell{r, c}
	}
}

// row is an empty row.
func (ch chart) row() []cell {
	row := make([]cell, ch.columns)
	for i := range row {
		row[i] = cell{' ', plain}
	}
	return row
}

func (s *screen) legend() {
	s.line()
	s.line("A client sends an order. When is it answered? When does the work behind it run?")
	s.line()
	s.line(pad("", indentColumns), s.paint(cyan, string(running)), " running   ",
		s.paint(blue, string(frozen)), " frozen   ",
		s.paint(green, string(answered)), " the client has its response")
}

// title heads a scenario before it is played.
func (s *screen) title(n int, sc scenario) {
	s.line()
	s.line(s.paint(bold, fmt.Sprintf("%d  %s", n, sc.name)), s.paint(dim, "  "+sc.title))
	s.line()
}

// timeline draws what happened.
func (s *screen) timeline(tr trace) {
	ch := chart{columns: s.width - indentColumns - labelColumns - noteColumns - 2, scale: scaleFor(tr.end())}
	first := tr.requests[0]

	row := ch.row()
	for _, r := range tr.requests {
		ch.fill(row, r.handler, running, cyan)
	}
	s.row("handler", row, plain, millis(first.handler.to-first.handler.from))

	row = ch.row()
	row[ch.column(first.answered)] = cell{answered, green}
	s.row("response", row, green, "after "+millis(first.latency))

	for _, t := range tr.tasks {
		s.task(ch, tr, t)
	}

	row = ch.row()
	for _, f := range tr.frozen() {
		ch.fill(row, f, frozen, blue)
	}
	ch.fill(row, span{tr.end(), ch.scale}, frozen, blue)
	for _, r := range tr.requests {
		ch.fill(row, r.awake, running, plain)
	}
	s.row("environment", row, blue, "frozen at "+millis(first.awake.to))

	row = ch.row()
	var billed []string
	for _, r := range tr.requests {
		ch.fill(row, r.awake, running, violet)
		billed = append(billed, strconv.FormatInt(r.billed.Milliseconds(), 10))
	}
	s.row("billed", row, violet, strings.Join(billed, " + ")+" ms")

	s.line(pad("", indentColumns+labelColumns+1), s.paint(dim, ch.axis()))
	s.line()
	for _, text := range verdict(tr) {
		s.line(pad("", indentColumns), text)
	}
}

// task draws a task: where it ran, and where it stood still in the middle of it.
func (s *screen) task(ch chart, tr trace, t task) {
	row := ch.row()
	row[ch.column(tr.requests[0].answered)] = cell{guide, dim} // before the response, or after it?
	if !t.done() {
		s.row(t.name, row, red, "not done")
		return
	}
	c := green
	if !tr.beforeFreeze(t) {
		c = yellow
	}
	ch.fill(row, t.span, running, c)
	for _, f := range tr.frozen() {
		if f.from < t.to && f.to > t.from {
			ch.fill(row, span{max(f.from, t.from), min(f.to, t.to)}, frozen, blue)
		}
	}
	// The ends are drawn last: they are what one looks for.
	if t.from < tr.requests[0].awake.to {
		row[ch.column(t.from)] = cell{running, c}
	}
	row[ch.last(t.span)] = cell{running, c}
	s.row(t.name, row, c, "done at "+millis(t.to))
}

func (s *screen) row(label string, cells []cell, c colour, note string) {
	var b strings.Builder
	for i := 0; i < len(cells); {
		j := i
		for j < len(cells) && cells[j].c == cells[i].c {
			j++
		}
		run := make([]rune, 0, j-i)
		for _, cl := range cells[i:j] {
			run = append(run, cl.r)
		}
		b.WriteString(s.paint(cells[i].c, string(run)))
		i = j
	}
	s.line(pad("", indentColumns), pad(label, labelColumns), " ", b.String(), " ", s.paint(c, note))
}

// scaleFor rounds up to whole ticks.
func scaleFor(end time.Duration) time.Duration {
	scale := max(end, shortestScale)
	tick := tickFor(scale)
	return (scale + tick - 1).Truncate(tick)
}

func tickFor(scale time.Duration) time.Duration {
	tick := 200 * time.Millisecond
	for scale/tick > 6 {
		tick *= 2
	}
	return tick
}

// axis labels the ticks that have room for it.
func (ch chart) axis() string {
	axis := []rune(strings.Repeat(" ", ch.columns+len(" ms")))
	tick := tickFor(ch.scale)
	free := 0 // the first column after the label before
	for at := time.Duration(0); at <= ch.scale; at += tick {
		text := strings.TrimSuffix(millis(at), " ms")
		col := int(int64(at) * int64(ch.columns) / int64(ch.scale))
		if col < free || col+len(text) > ch.columns {
			continue
		}
		copy(axis[col:], []rune(text))
		free = col + len(text) + 1
	}
	copy(axis[ch.columns:], []rune(" ms"))
	return string(axis)
}

// verdict says in words what there is to see.
func verdict(tr trace) []string {
	first := tr.requests[0]
	last, during := tr.lastDone()
	switch {
	case tr.unfinished() > 0:
		return []string{fmt.Sprintf("Lost: %d of %d tasks were never done.", tr.unfinished(), len(tr.tasks))}
	case tr.inTime() < len(tr.tasks):
		text := []string{
			fmt.Sprintf("The work froze half-done. It ended %s later, because request %d came.",
				millis(last-first.awake.to), during),
		}
		if tr.abandoned > 0 {
			text = append(text, "Without that it is lost, as the work of the last order is now.")
		}
		return text
	case last <= first.posted:
		return []string{"Nothing is lost, but the client waited for the slowest task."}
	default:
		return []string{fmt.Sprintf("The client had its answer %s before the work was done. Nothing was lost.",
			millis(last-first.answered))}
	}
}
