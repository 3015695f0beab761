// Package stack is what a contestant runs on: the function under test with its
// URL, and where it needs them a queue and a worker. There is one under the local
// Lambda and one deployed to AWS; the load generator does not tell them apart.
package stack

import (
	"context"
	"errors"

	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/wire"
)

// ErrUnsupported is wrapped when a stack cannot do what a workload asks for.
var ErrUnsupported = errors.New("not supported by this target")

// Stack is one contestant, deployed for one workload. Its methods are not for
// concurrent use.
type Stack interface {
	// URL takes the requests: POST, an order as JSON, an answer of 2xx.
	URL() string

	// Begin marks the start of a round. Cold ones begin without any environment;
	// the error wraps ErrUnsupported where that cannot be had.
	Begin(ctx context.Context, cold bool) error

	// End waits until everything that the round set off is over, or can be taken
	// to have been lost, and returns what happened since Begin.
	End(ctx context.Context, expect Expected) (Observed, error)

	// Close takes the stack away, or lets go of it.
	Close() error
}

// Expected is what the load generator knows about a round.
type Expected struct {
	Round    int64 // of its marks
	Requests int   // that the function was reached by
	Tasks    int   // that are due
}

// Observed is what a stack knows about a round.
type Observed struct {
	// Marks of all rounds: a goroutine may end rounds later.
	Marks []wire.Mark
	// Invocations in the order of their end, their times still in nanoseconds of
	// the Unix epoch.
	Invocations []record.Invocation
	// Queue is nil without a queue.
	Queue *record.Queue
	// Throttled counts invocations of the front function that were refused.
	Throttled int
}
