package cost

import (
	"fmt"
	"slices"
	"strings"
)

// Contestant is one way to do work after, or instead of after, the response.
type Contestant string

// The contestants of the benchmark suite.
const (
	// Inline runs the tasks before the response; the client waits for them.
	Inline Contestant = "inline"
	// Goroutine starts the tasks with a go statement and returns. They freeze
	// with the environment: the bill is small because the work is not done.
	Goroutine Contestant = "goroutine"
	// APIGatewayAsync is a REST API that invokes the function asynchronously and
	// answers 202 by itself. No code in the function, and no answer from it.
	APIGatewayAsync Contestant = "apigateway-async"
	// Invoke sends each task as an asynchronous invocation before the response.
	Invoke Contestant = "invoke"
	// SQS sends the tasks in batches of ten before the response.
	SQS Contestant = "sqs"
	// SQSAfter is SQS with the sending moved behind the response: faster for the
	// client, and lost if the environment dies in between.
	SQSAfter Contestant = "sqs,handoff=after"
	// Stream runs the tasks after a buffered response, before the runtime asks
	// for the next event.
	Stream Contestant = "stream"
	// StreamResponse is Stream with a streamed response.
	StreamResponse Contestant = "stream,response=streamed"
	// Extension runs the tasks after the response while an internal extension
	// withholds its next event.
	Extension Contestant = "extension"
	// ExtensionSQS is Extension with a queue behind it, for tasks that fail for
	// good or would not finish in time.
	ExtensionSQS Contestant = "extension,sqs"
)

var contestants = []Contestant{
	Inline, Goroutine, APIGatewayAsync, Invoke, SQS, SQSAfter, Stream, StreamResponse, Extension, ExtensionSQS,
}

// Contestants returns all of them, in the order of the reports.
func Contestants() []Contestant { return slices.Clone(contestants) }

// ParseContestant reads a name; the error lists the names there are and wraps
// ErrContestant.
func ParseContestant(name string) (Contestant, error) {
	if c := Contestant(name); slices.Contains(contestants, c) {
		return c, nil
	}
	names := make([]string, len(contestants))
	for i, c := range contestants {
		names[i] = string(c)
	}
	return "", fmt.Errorf("%w %q: the names are %s", ErrContestant, name, strings.Join(names, "; "))
}

// queues reports whether an event source mapping is there to be polled.
func (c Contestant) queues() bool { return c == SQS || c == SQSAfter || c == ExtensionSQS }

// keeps reports whether tasks run behind the response in the environment that
// gave it.
func (c Contestant) keeps() bool {
	return c == Stream || c == StreamResponse || c == Extension || c == ExtensionSQS
}

// sends reports whether every task leaves for a worker.
func (c Contestant) sends() bool { return c == Invoke || c == SQS || c == SQSAfter }
