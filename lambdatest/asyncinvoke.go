package lambdatest

import (
	"context"
	"slices"
	"time"
)

// InvokeAsync puts an event into the function's queue, as an Invoke of type Event does, and returns its request id. The
// error is an *APIError if Lambda refused the request, for example because the payload is larger than
// MaxAsyncPayload. The queue is kept in memory: Close throws it away.
func (l *Lambda) InvokeAsync(ctx context.Context, payload []byte) (requestID string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	req := request{id: newUUID(), payload: slices.Clone(payload)}
	return req.id, l.async.accept(req)
}

// WaitAsync waits for the outcome of an asynchronous invocation: after its last attempt, and after its destinations
// got their records. It returns an error that wraps ErrNotRecorded for a request that is not in the queue and not among
// the newest 8,192 outcomes (fewer, if their responses have more than 64 MB), and ErrClosed if the function is closed
// first.
func (l *Lambda) WaitAsync(ctx context.Context, requestID string) (AsyncResult, error) {
	return l.async.result(ctx, requestID)
}

// WaitAsyncIdle waits until the function's queue has no event: each has ended and its destinations have been served.
func (l *Lambda) WaitAsyncIdle(ctx context.Context) error { return l.async.own.wait(ctx) }

// WaitAsyncIdle waits until no function has an event in its queue, so that chains of functions have come to their end.
func (s *Service) WaitAsyncIdle(ctx context.Context) error { return s.async.wait(ctx) }

// Advance makes every event in the queues older by d of AWS's time: retries that are due within d happen now, and events
// that become too old are given up. Events that are being run just become older. It does not move the clocks of
// the functions. Zero does nothing, and so does what is below.
func (s *Service) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	for _, l := range s.all() {
		l.async.advance(d)
	}
}

// AsyncCounts are how many events a function's queue has.
type AsyncCounts struct {
	Ready   int // waiting for an environment
	Running int // in an attempt
	Waiting int // for their next attempt
	Ending  int // over, their destinations being served
}

// Total is the number of events in any state.
func (c AsyncCounts) Total() int { return c.Ready + c.Running + c.Waiting + c.Ending }

// AsyncQueue counts the events in the function's queue.
func (l *Lambda) AsyncQueue() AsyncCounts {
	q := l.async
	q.mu.Lock()
	defer q.mu.Unlock()
	c := AsyncCounts{Ready: len(q.ready), Running: q.running}
	for _, e := range q.open {
		if e.timer != nil {
			c.Waiting++
		}
	}
	c.Ending = len(q.open) - c.Ready - c.Running - c.Waiting
	return c
}
