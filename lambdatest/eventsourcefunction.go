package lambdatest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// MapQueue connects a queue to the function, as CreateEventSourceMapping does, and begins to poll. It asks the queue for
// its attributes first: a queue that cannot be reached, or whose visibility timeout is shorter than the function's
// timeout, is an error, the latter one that wraps ErrInvalidParameter. A queue can be mapped to a function only once.
//
// With package sqstest as the endpoint, Server.Advance ends visibility timeouts that would take minutes.
//
// A batch is a synchronous invocation. When it has succeeded, which is known when it is over and not already when the
// function has answered, its messages are deleted. Otherwise nothing is done: the messages become visible again when
// their visibility timeout ends, and the queue's redrive policy says when they go to its dead-letter queue. A batch
// that is throttled is tried again until then.
func (l *Lambda) MapQueue(ctx context.Context, m QueueMapping) (*EventSourceMapping, error) {
	if m.Endpoint == "" {
		m.Endpoint = l.fn.SQSEndpoint
	}
	run := func(ctx context.Context, id string, event []byte) ([]byte, error) { return l.runBatch(ctx, id, event) }
	esm, err := newEventSourceMapping(ctx, m, l.fn.Timeout, run, l.journal.record)
	if err != nil {
		return nil, fmt.Errorf("lambdatest: map queue %s to %s: %w", m.QueueURL, l.fn.Name, err)
	}
	esm.detached = func() { l.sources.remove(esm) }
	err = l.sources.add(esm)
	if err == nil {
		err = esm.Enable()
	}
	if err != nil {
		esm.Close()
		return nil, fmt.Errorf("lambdatest: map queue %s to %s: %w", m.QueueURL, l.fn.Name, err)
	}
	return esm, nil
}

// runBatch implements batchRunner.
func (l *Lambda) runBatch(ctx context.Context, id string, event []byte) ([]byte, error) {
	inv, err := l.dispatch(ctx, request{id: id, payload: event, isJSON: true})
	if err != nil {
		return nil, err
	}
	if err := inv.wait(ctx); err != nil {
		return nil, err
	}
	if err := inv.waitEnd(ctx); err != nil {
		return nil, err
	}
	switch {
	case inv.reply.failure != nil:
		return nil, inv.reply.failure
	case inv.fault != nil:
		return nil, inv.failure(inv.fault)
	case !inv.succeeded:
		return nil, fmt.Errorf("the invocation ended with %s %s", inv.report.Status, inv.report.ErrorType)
	}
	return inv.reply.body, nil
}

// eventSources are the mappings of a function.
type eventSources struct {
	mu       sync.Mutex
	mappings []*EventSourceMapping
	closed   bool
}

func (s *eventSources) add(m *EventSourceMapping) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case slices.ContainsFunc(s.mappings, func(other *EventSourceMapping) bool { return other.queue.arn == m.queue.arn }):
		return &APIError{
			StatusCode: http.StatusConflict, Code: "ResourceConflictException", kind: ErrInvalidParameter,
			Message: "An event source mapping of the queue " + m.queue.arn + " to this function exists already; close it first.",
		}
	}
	s.mappings = append(s.mappings, m)
	return nil
}

func (s *eventSources) remove(m *EventSourceMapping) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.mappings, m); i >= 0 {
		s.mappings = slices.Delete(s.mappings, i, i+1)
	}
}

// close ends all mappings, for good.
func (s *eventSources) close() {
	s.mu.Lock()
	s.closed = true
	mappings := slices.Clone(s.mappings)
	s.mu.Unlock()
	for _, m := range mappings {
		m.Close()
	}
}
