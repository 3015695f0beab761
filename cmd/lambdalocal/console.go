package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/go-offload/lambda/lambdatest"
)

// console prints what happens, one line each: the time, a mark for freeze and thaw, the text.
type console struct {
	closed chan struct{} // after the last event

	mu     sync.Mutex
	out    io.Writer
	colour bool
}

func newConsole(out io.Writer, colour bool) *console {
	return &console{out: out, colour: colour, closed: make(chan struct{})}
}

// colours tells whether out is a terminal that wants them.
func colours(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// ANSI colours.
const (
	plain = ""
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	blue  = "\x1b[34m"
)

func (c *console) greet(l *lambdatest.Lambda, mode lambdatest.URLMode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("Lambda API    %s  (AWS_ENDPOINT_URL_LAMBDA)\n", l.Endpoint())
	c.print("Invoke        %s/2015-03-31/functions/%s/invocations\n", l.Endpoint(), l.Name())
	c.print("Function URL  %s  (%s)\n", l.URL(), mode)
}

// say prints a line of the program itself.
func (c *console) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("%s\n", c.paint(dim, "lambdalocal: "+text))
}

// show prints an event. Events that a line of the log tells as well are left out.
func (c *console) show(e lambdatest.Event) {
	var text, colour string
	switch e.Kind {
	case lambdatest.EventLog:
		text, colour = e.Message, logColour(e.Message)
	case lambdatest.EventInitStart:
		text, colour = "INIT "+e.Message, dim
	case lambdatest.EventFreeze:
		text, colour = "FREEZE", blue
	case lambdatest.EventThaw:
		text, colour = "THAW", blue
	case lambdatest.EventResponseEnd:
		text, colour = "RESPONSE RequestId: "+e.RequestID, green
	case lambdatest.EventCrash:
		text, colour = "CRASH "+e.Message, red
	case lambdatest.EventShutdownStart:
		text, colour = "SHUTDOWN "+e.Message, dim
	case lambdatest.EventExit:
		text, colour = "EXIT "+e.Message, dim
	case lambdatest.EventClose:
		close(c.closed)
		return
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	env := e.EnvironmentID
	c.print("%s %s %s\n", c.paint(dim, e.Time.Format("15:04:05.000")), c.paint(dim, env[:min(4, len(env))]), c.paint(colour, text))
}

// print writes to the output; that nobody reads it is no reason to end the functions.
func (c *console) print(format string, args ...any) { _, _ = fmt.Fprintf(c.out, format, args...) }

// logColour tells the lines of the platform from those of the function.
func logColour(line string) string {
	switch {
	case strings.HasPrefix(line, "REPORT RequestId: ") && strings.Contains(line, "\tStatus: "):
		return red
	case strings.HasPrefix(line, "START RequestId: "), strings.HasPrefix(line, "END RequestId: "),
		strings.HasPrefix(line, "REPORT RequestId: "), strings.HasPrefix(line, "INIT_REPORT "):
		return green
	}
	return plain
}

func (c *console) paint(colour, text string) string {
	if !c.colour || colour == plain {
		return text
	}
	return colour + text + "\x1b[0m"
}
