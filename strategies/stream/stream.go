// Package stream runs tasks in the runtime's tail: after the response is sent
// and before the runtime asks for the next event. Link it with a blank import and
// select it with OFFLOAD_STRATEGY=stream.
//
// # Mechanism
//
// Lambda gives the caller its response when the runtime POSTs it, and freezes the
// execution environment when the runtime asks for the next event. In between the
// process has a slot of its own (Lambda Developer Guide, "Building a custom runtime":
// the cleanup step of the loop). aws-lambda-go closes the reader that a handler
// returned in that slot; the tasks run inside that Close. This works for buffered
// and for streamed responses, for any handler, and needs no permission and no
// registration.
//
// # Delivery
//
// At most once, with retries in the process as [offload.MaxAttempts] says. A crash, a SIGKILL
// or the function's timeout ends what is unfinished; a sender behind it in the chain
// (stream,sqs) takes what does not finish before the deadline.
//
// # Limits
//
// The function's timeout covers handler and tasks together, at most 15 minutes
// (Lambda Developer Guide, "Lambda quotas"). The environment serves no other event
// until the tail is done: traffic that comes meanwhile starts further environments, and counts against
// the function's concurrency.
//
// # Cost
//
// The tail is billed as duration at the function's memory. There is no request charge.
// It is part of the runtime's own duration (platform.runtimeDone), not of an extension's.
//
// # IAM
//
// Nothing.
//
// # Failure
//
// If the handler fails there is no Close. Started with offload.Start, the error is reported
// first and the tasks run then; started with offload.Wrap, or when the deadline has passed,
// the tasks run first and the caller waits for them.
package stream

import (
	"context"

	"github.com/go-offload/lambda/offload/driver"
)

func init() { driver.Register("stream", func() driver.Strategy { return New() }) }

// Strategy is the stream strategy. It has no options and no state.
type Strategy struct{}

// New makes the strategy, for offload.WithStrategies.
func New() *Strategy { return &Strategy{} }

// Name implements driver.Strategy.
func (*Strategy) Name() string { return "stream" }

// Open implements driver.Strategy. There is nothing to open.
func (*Strategy) Open(context.Context, driver.Env) error { return nil }

// Keep implements driver.Keeper: while it runs the tail, the runtime does not ask
// for the next event.
func (*Strategy) Keep(tail driver.Tail) { tail.RunHere() }

var _ driver.Keeper = (*Strategy)(nil)
