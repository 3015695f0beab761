package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Widths of the drawing, in columns.
const (
	defaultWidth = 80
	minWidth     = 64
	maxWidth     = 120
)

// screen writes to the terminal, or to whatever stands in for it.
type screen struct {
	out    io.Writer
	width  int
	colour bool
}

// newScreen looks at what out is: only a terminal gets colours, and its own width.
func newScreen(out io.Writer) *screen {
	s := &screen{out: out, width: defaultWidth}
	f, ok := out.(*os.File)
	if !ok {
		return s
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return s
	}
	s.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if w := terminalWidth(f); w > 0 {
		s.width = min(max(w, minWidth), maxWidth)
	}
	return s
}

// colour is an ANSI escape sequence.
type colour string

const (
	plain  colour = ""
	bold   colour = "\x1b[1m"
	dim    colour = "\x1b[2m"
	red    colour = "\x1b[31m"
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
	blue   colour = "\x1b[34m"
	violet colour = "\x1b[35m"
	cyan   colour = "\x1b[36m"
	reset         = "\x1b[0m"
)

func (s *screen) paint(c colour, text string) string {
	if !s.colour || c == plain || text == "" {
		return text
	}
	return string(c) + text + reset
}

// line writes one line; that nobody reads it is no reason to stop half-way.
func (s *screen) line(parts ...string) {
	_, _ = io.WriteString(s.out, strings.TrimRight(strings.Join(parts, ""), " ")+"\n")
}

// progress says what is going on; the returned function adds how long it took.
func (s *screen) progress(what string) (done func(ok bool)) {
	begin := time.Now()
	_, _ = fmt.Fprintf(s.out, "%s … ", what)
	return func(ok bool) {
		if !ok {
			s.line(s.paint(red, "failed"))
			return
		}
		s.line(fmt.Sprintf("%.1f s", time.Since(begin).Seconds()))
	}
}

// pad fills text up to a number of columns; every rune here is one wide.
func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-len([]rune(text))))
}

// padLeft puts text at the right end of a number of columns.
func padLeft(text string, columns int) string {
	return strings.Repeat(" ", max(0, columns-len([]rune(text)))) + text
}

// millis formats a duration as 1,234 ms.
func millis(d time.Duration) string {
	digits := strconv.FormatInt(d.Round(time.Millisecond).Milliseconds(), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits + " ms"
}
