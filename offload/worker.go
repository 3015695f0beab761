package offload

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-offload/lambda/offload/driver"
)

// Errors of a worker. A worker never acknowledges an envelope that it cannot run:
// the error makes the queue or Lambda deliver it again, and at last move it to the
// dead-letter queue or the on-failure destination. driver.ErrMalformed,
// driver.ErrVersion, driver.ErrUnsigned and driver.ErrSignature are others.
var (
	// ErrUnknownTask: the program has no task of the name in the envelope.
	ErrUnknownTask = errors.New("offload: unknown task")

	// ErrNotEnvelope: a function that was started with StartWorker got something else than a task.
	ErrNotEnvelope = errors.New("offload: the event is not a task; this function was started with offload.StartWorker and has no handler for other events")

	// ErrNotDue: a delayed task came before its time, and the worker can neither send it
	// on nor wait. The queue delivers it again.
	ErrNotDue = errors.New("offload: the task is not due yet")
)

// StartWorker starts a function that does nothing but run the tasks that other
// functions sent: asynchronous invocations of it, or messages of a queue that is
// mapped to it. It blocks and never returns. A function that was started with [Start] is a
// worker too if its chain has a sender, so a separate one is a matter of sizing: memory,
// timeout and concurrency of its own.
//
// A task runs once per delivery. Of what its sender passed to After for this one call, ID, Group,
// Deduplication, Delay and Timeout come with it. MaxAttempts and Backoff do not: they are about attempts in one
// process, and here the queue or Lambda decides about the next one. If the task fails, the delivery fails: SQS delivers the message again after
// the wait of [WithRedelivery], or else the visibility timeout, until the maxReceiveCount of the
// queue's redrive policy moves it to the dead-letter queue; Lambda repeats an asynchronous invocation as configured for the function (two times by
// default) before its on-failure destination gets it. Neither lets a worker refuse
// a delivery for good: after an error marked with backoff.Permanent the task is
// delivered, and run, as often as after another one, from a queue without a wait in between. A strategy
// with a place for dead letters ends that: sqs with OFFLOAD_SQS_DEAD_LETTER_QUEUE_URL, where the
// worker moves the task at once, with the reason.
//
// The mapping of a queue must have ReportBatchItemFailures among its
// FunctionResponseTypes: without it Lambda deletes the whole batch although some of its
// tasks failed, and nothing in the event tells (Lambda Developer Guide, "Implementing
// partial batch responses"). Messages of a standard queue run concurrently, see
// [WithConcurrency]. Those of a FIFO queue run in the order of their group; the first that
// fails ends the group, and the rest of it is given back unprocessed.
//
// A worker needs no strategy unless its tasks defer others, or are delayed, and has none
// unless one is selected. Any event that is not a
// task is an error, [ErrNotEnvelope].
func StartWorker(opts ...Option) {
	Start(refuseEvent, append(slices.Clip(opts), workerOnly)...)
}

func workerOnly(o *options) {
	o.worker = true
	o.remote()
}

// refuseEvent is the handler of a function that is only a worker.
func refuseEvent(context.Context, rawEvent) error { return ErrNotEnvelope }

// rawEvent takes any JSON as an event.
type rawEvent struct{}

// UnmarshalJSON accepts anything and keeps nothing.
func (*rawEvent) UnmarshalJSON([]byte) error { return nil }

// works reports whether this process runs tasks that arrive in events.
func (o *offloader) works() bool { return o.sends || o.opts.worker }

// dispatch decides who deals with an event: a task, if it is an envelope or brings
// some in the records of an SQS event, and otherwise the handler, with the same bytes.
func (o *offloader) dispatch(handle eventHandler) eventHandler {
	return func(ctx context.Context, event []byte) (any, error) {
		if driver.Sniff(event) {
			return nil, o.runInvoked(scopeOf(ctx), event)
		}
		if records, ok := envelopeRecords(event); ok {
			return o.runBatch(ctx, scopeOf(ctx), records, handle)
		}
		return handle(ctx, event)
	}
}

// runInvoked runs the task of an asynchronous invocation. The error is the
// invocation's, so that Lambda repeats it.
func (o *offloader) runInvoked(s *scope, body []byte) error {
	d := &delivery{via: viaInvoke, receives: 1}
	if err := d.open(s, body); err != nil {
		return err
	}
	d.perform()
	s.settleDeliveries()
	err := d.failure()
	var panicked *PanicError
	if errors.As(err, &panicked) {
		// The failure record that a destination gets has nothing but the message.
		return fmt.Errorf("%w\n%s", err, panicked.Stack)
	}
	return err
}
