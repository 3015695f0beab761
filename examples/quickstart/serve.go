package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// goodbye bounds the shutdown phase of the function after Ctrl-C.
const goodbye = 5 * time.Second

// serve keeps the function URL open until ctx ends, and tells what happens as it happens.
func serve(ctx context.Context, out io.Writer, s scenario) error {
	screen := newScreen(out)
	st, err := newStage(ctx, screen)
	if err != nil {
		return err
	}
	defer st.close()
	l, err := st.deploy(ctx, s)
	if err != nil {
		return err
	}
	log := &liveLog{screen: screen, closed: make(chan struct{})}
	log.hello(s, l.URL())
	l.Subscribe(log.show)

	<-ctx.Done()
	// Through the shutdown phase, as Lambda ends idle environments; what is left is killed.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	err = l.Shutdown(ending)
	l.Close()
	<-log.closed
	return err
}

// liveLog prints events as they come, one line each.
type liveLog struct {
	screen *screen
	closed chan struct{} // after the last event

	mu     sync.Mutex
	begin  time.Time // of the request that is being told of
	freeze time.Time // after it
}

func (g *liveLog) hello(s scenario, url string) {
	g.screen.line()
	g.screen.line(g.screen.paint(bold, s.name), g.screen.paint(dim, "  "+s.title))
	g.screen.line()
	g.screen.line("  curl -i ", url, ` -d '{"id":"4711","email":"ada@example.com","items":[{"sku":"tea","quantity":2}]}'`)
	g.screen.line()
	g.screen.line(g.screen.paint(dim, "Ctrl-C ends it."))
	g.screen.line()
}

func (g *liveLog) show(e lambdatest.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch e.Kind {
	case lambdatest.EventInvokeStart:
		g.begin = e.Time
		g.tell(e.Time, cyan, "request")
	case lambdatest.EventResponseEnd:
		g.tell(e.Time, green, "response sent")
	case lambdatest.EventFreeze:
		g.freeze = e.Time // told with the report: what was printed just before is read only then
	case lambdatest.EventReport:
		if g.freeze.After(g.begin) {
			g.tell(g.freeze, blue, "frozen")
		}
		text := "billed " + millis(e.Report.BilledDuration)
		if e.Report.InitDuration > 0 {
			text += ", with the cold start of " + millis(e.Report.InitDuration)
		}
		g.tell(e.Time, violet, text)
	case lambdatest.EventCrash, lambdatest.EventTimeout:
		g.tell(e.Time, red, strings.ToLower(string(e.Kind))+" "+e.Message)
	case lambdatest.EventLog:
		g.log(e)
	case lambdatest.EventClose:
		close(g.closed)
	default:
	}
}

// log tells what the function logged; the lines of the platform are told already.
func (g *liveLog) log(e lambdatest.Event) {
	for _, prefix := range []string{"START ", "END ", "REPORT ", "INIT_REPORT "} {
		if strings.HasPrefix(e.Message, prefix) {
			return
		}
	}
	var entry struct {
		Time                    time.Time
		Msg, Task, Order, Error string
	}
	if json.Unmarshal([]byte(e.Message), &entry) != nil || entry.Task == "" {
		g.tell(e.Time, yellow, e.Message)
		return
	}
	text := fmt.Sprintf("%s of order %s %s", entry.Task, entry.Order, strings.TrimPrefix(entry.Msg, "task "))
	if entry.Error != "" {
		text += ": " + entry.Error
	}
	g.tell(entry.Time, plain, text)
}

// tell writes a line with the time since the request.
func (g *liveLog) tell(t time.Time, c colour, text string) {
	at := ""
	if !g.begin.IsZero() {
		at = millis(t.Sub(g.begin))
	}
	g.screen.line(g.screen.paint(dim, padLeft(at, 10)), "  ", g.screen.paint(c, text))
}
