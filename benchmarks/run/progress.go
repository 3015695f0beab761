package run

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// progress tells how far a run is. Its unit is the millisecond of estimated time.
type progress interface {
	begin(what string)
	end(what string, weight time.Duration)
	close()
}

// newProgress is a bar on a terminal and a line for each round elsewhere.
func newProgress(to io.Writer, total time.Duration, plain bool) progress {
	if f, ok := to.(*os.File); ok && !plain && term.IsTerminal(int(f.Fd())) {
		return newBar(to, total)
	}
	return &printed{to: to, total: total}
}

type bar struct {
	container *mpb.Progress
	bar       *mpb.Bar
	what      chan string
	current   string
}

func newBar(to io.Writer, total time.Duration) *bar {
	b := &bar{what: make(chan string, 1)}
	b.container = mpb.New(mpb.WithOutput(to), mpb.WithWidth(48))
	b.bar = b.container.AddBar(total.Milliseconds(),
		mpb.PrependDecorators(decor.Percentage(decor.WCSyncSpace)),
		mpb.AppendDecorators(
			decor.Any(func(s decor.Statistics) string {
				if s.Total <= s.Current {
					return "done"
				}
				return fmt.Sprintf("about %v left", (time.Duration(s.Total-s.Current) * time.Millisecond).Round(time.Second))
			}),
			decor.Any(func(decor.Statistics) string {
				select { // the bar draws on a goroutine of its own
				case b.current = <-b.what:
				default:
				}
				return "  " + b.current
			}),
		),
	)
	return b
}

func (b *bar) begin(what string) {
	select {
	case <-b.what: // not drawn yet, and out of date
	default:
	}
	b.what <- what
}

func (b *bar) end(_ string, weight time.Duration) { b.bar.IncrInt64(weight.Milliseconds()) }

func (b *bar) close() {
	b.bar.Abort(false) // without effect on one that is full
	b.container.Wait()
}

// printed is progress in a log.
type printed struct {
	to          io.Writer
	total, done time.Duration
}

func (p *printed) begin(string) {}

func (p *printed) end(what string, weight time.Duration) {
	p.done += weight
	_, _ = fmt.Fprintf(p.to, "%3d %%  %s\n", 100*p.done/max(1, p.total), what)
}

func (p *printed) close() {}
