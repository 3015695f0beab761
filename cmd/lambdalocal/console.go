package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/go-offload/lambda/lambdatest"
)

// console prints what happens, one line each: the time, the environment, the function if there are several, the text.
type console struct {
	watched sync.WaitGroup // functions whose last event is to come

	mu     sync.Mutex
	out    io.Writer
	colour bool
	names  bool
}

func newConsole(out io.Writer, colour, names bool) *console {
	return &console{out: out, colour: colour, names: names}
}

// watch prints the events of a function.
func (c *console) watch(l *lambdatest.Lambda) {
	c.watched.Add(1)
	l.Subscribe(c.show)
}

// wait returns when the last event of every function is printed.
func (c *console) wait() { c.watched.Wait() }

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

// greet prints the addresses that all functions share.
func (c *console) greet(service *lambdatest.Service, local *queues) {
	c.tell("Lambda API", service.Endpoint()+"  (AWS_ENDPOINT_URL_LAMBDA)")
	if local == nil {
		return
	}
	c.tell("SQS API", local.endpoint()+"  (AWS_ENDPOINT_URL_SQS, which the functions have)")
	for _, name := range local.order {
		c.tell("Queue", local.server.Queue(name).URL()+"  (OFFLOAD_SQS_QUEUE_URL={queue:"+name+"})")
	}
}

// introduce prints the addresses of a function.
func (c *console) introduce(l *lambdatest.Lambda, mode lambdatest.URLMode) {
	c.tell("Invoke", fmt.Sprintf("%s/2015-03-31/functions/%s/invocations", l.Endpoint(), l.Name()))
	c.tell("Function URL", fmt.Sprintf("%s  (%s)", l.URL(), mode))
}

// tell prints a line of the list of addresses.
func (c *console) tell(what, where string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("%-13s %s\n", what, where)
}

// say prints a line of the program itself.
func (c *console) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("%s\n", c.paint(dim, "lambdalocal: "+text))
}

// show prints an event. Events that a line of the log tells as well are left out, and so are polls that found nothing.
func (c *console) show(e lambdatest.Event) {
	if e.Kind == lambdatest.EventClose {
		c.watched.Done()
		return
	}
	text, colour := describe(e)
	if text == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	source := "sqs " // as wide as the start of an environment's ID
	switch {
	case e.EnvironmentID != "":
		source = e.EnvironmentID[:min(4, len(e.EnvironmentID))]
	case e.Batch == nil:
		source = "asyn"
	}
	if c.names {
		source += " " + e.Function
	}
	c.print("%s %s %s\n", c.paint(dim, e.Time.Format("15:04:05.000")), c.paint(dim, source), c.paint(colour, text))
}

// describe says in a line what happened, or nothing.
func describe(e lambdatest.Event) (text, colour string) {
	switch e.Kind {
	case lambdatest.EventLog:
		return e.Message, logColour(e.Message)
	case lambdatest.EventInitStart:
		return "INIT " + e.Message, dim
	case lambdatest.EventFreeze:
		return "FREEZE", blue
	case lambdatest.EventThaw:
		return "THAW", blue
	case lambdatest.EventResponseEnd:
		return "RESPONSE RequestId: " + e.RequestID, green
	case lambdatest.EventCrash:
		return "CRASH " + e.Message, red
	case lambdatest.EventShutdownStart:
		return "SHUTDOWN " + e.Message, dim
	case lambdatest.EventExit:
		return "EXIT " + e.Message, dim
	default:
	}
	if e.Batch != nil {
		return describeBatch(e)
	}
	return describeAsync(e)
}

// describeBatch is describe for what event source mappings do.
func describeBatch(e lambdatest.Event) (text, colour string) {
	queue := e.Batch.Queue[strings.LastIndexByte(e.Batch.Queue, ':')+1:]
	switch e.Kind {
	case lambdatest.EventPoll:
		if e.Message != "" {
			return "RECEIVE from " + queue + " failed: " + e.Message, red
		}
	case lambdatest.EventBatchStart:
		return fmt.Sprintf("BATCH RequestId: %s Queue: %s Messages: %d", e.RequestID, queue, len(e.Batch.Messages)), green
	case lambdatest.EventBatchEnd:
		text := fmt.Sprintf("BATCH END RequestId: %s Done: %d Failed: %d", e.RequestID, len(e.Batch.Messages), len(e.Batch.Failed))
		if len(e.Batch.Failed) == 0 {
			return text, green
		}
		if e.Message != "" {
			text += " " + e.Message
		}
		return text, red
	case lambdatest.EventDelete:
		if len(e.Batch.Failed) > 0 {
			return fmt.Sprintf("DELETE of %d messages from %s failed: %s", len(e.Batch.Failed), queue, e.Message), red
		}
	default:
	}
	return "", plain
}

// describeAsync is describe for the queue of asynchronous invocations.
func describeAsync(e lambdatest.Event) (text, colour string) {
	switch e.Kind {
	case lambdatest.EventAsyncAccepted:
		return "EVENT RequestId: " + e.RequestID, green
	case lambdatest.EventAsyncRetry:
		return "EVENT RETRY RequestId: " + e.RequestID + " " + e.Message, red
	case lambdatest.EventAsyncDelivered:
		return "EVENT DELIVERED RequestId: " + e.RequestID + " to " + e.Message, green
	case lambdatest.EventAsyncDeliveryFailed:
		return "EVENT DELIVERY FAILED RequestId: " + e.RequestID + " " + e.Message, red
	case lambdatest.EventAsyncEnd:
		return "EVENT END RequestId: " + e.RequestID + " " + e.Message, dim
	default:
	}
	return "", plain
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
