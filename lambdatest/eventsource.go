package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// EventSourceMapping polls a queue and invokes a function with what it finds, until Disable or Close, or until the
// function is removed. All methods may be called concurrently.
type EventSourceMapping struct {
	id       string
	mapping  QueueMapping
	queue    queueInfo
	api      *queueAPI
	run      batchRunner
	journal  func(Event)
	slots    *slots
	limits   batchLimits
	base     context.Context // of everything; ended by Close
	cancel   context.CancelFunc
	detached func() // tells the function that the mapping is gone
	working  sync.WaitGroup

	mu      sync.Mutex
	stop    context.CancelFunc // of the poller; nil while disabled
	polling chan struct{}      // closed when the poller has ended
	batches int                // read from the queue, and not concluded
	changed chan struct{}      // closed when batches changes
	closed  bool
}

// batchRunner invokes the function and returns its response when the invocation is over. The error is a *FunctionError,
// one that wraps ErrThrottled, or whatever else kept the function from being run.
type batchRunner func(ctx context.Context, id string, event []byte) (response []byte, err error)

func newEventSourceMapping(ctx context.Context, m QueueMapping, functionTimeout time.Duration, run batchRunner, journal func(Event)) (*EventSourceMapping, error) {
	m, err := m.withDefaults()
	if err != nil {
		return nil, err
	}
	api := newQueueAPI(m.Endpoint, m.QueueURL, m.Client)
	queue, err := api.describe(ctx)
	if err == nil {
		err = m.checkQueue(queue, functionTimeout)
	}
	if err != nil {
		api.close()
		return nil, err
	}
	// What Lambda does where window and function timeout leave no room in the visibility timeout, according to the Developer
	// Guide as of 2023; later editions do not say.
	if total := m.BatchWindow + functionTimeout; total > queue.visibility {
		queue.visibility = (total + 30*time.Second).Truncate(time.Second)
		queue.override = true
	}
	limit := m.MaximumConcurrency
	if limit == 0 {
		limit = defaultBatchesInFlight
	}
	esm := &EventSourceMapping{
		id: newUUID(), mapping: m, queue: queue, api: api, run: run, journal: journal, slots: newSlots(limit),
		limits:  batchLimits{messages: m.BatchSize, bytes: MaxPayload},
		changed: make(chan struct{}), detached: func() {},
	}
	esm.base, esm.cancel = context.WithCancel(context.Background()) // lives until Close
	return esm, nil
}

// UUID of the mapping, as in its journal events.
func (m *EventSourceMapping) UUID() string { return m.id }

// QueueARN is the ARN of the queue, the eventSourceARN of its records.
func (m *EventSourceMapping) QueueARN() string { return m.queue.arn }

// Enable begins to poll again after Disable, with five batches at a time as at first. It does nothing while the mapping
// polls, and returns ErrClosed after Close.
func (m *EventSourceMapping) Enable() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if m.stop != nil {
		return nil
	}
	m.slots.restart()
	ctx, stop := context.WithCancel(m.base)
	polling := make(chan struct{})
	m.stop, m.polling = stop, polling
	m.working.Go(func() {
		defer close(polling)
		defer stop()
		m.poll(ctx)
	})
	return nil
}

// Disable ends the polling and waits until the batches that were read from the queue are concluded, their messages
// deleted or left in the queue. A long poll is cut off; messages that SQS was about to hand out in that moment become
// visible again after their visibility timeout. If the context ends first, its error is returned, and the rest goes on.
func (m *EventSourceMapping) Disable(ctx context.Context) error {
	m.mu.Lock()
	stop, polling := m.stop, m.polling
	m.stop = nil
	m.mu.Unlock()
	if stop != nil {
		stop()
	}
	if polling != nil {
		select {
		case <-polling:
		case <-ctx.Done():
			return fmt.Errorf("lambdatest: disable the mapping of %s: %w", m.queue.arn, ctx.Err())
		}
	}
	if err := m.waitBatches(ctx); err != nil {
		return fmt.Errorf("lambdatest: disable the mapping of %s: %w", m.queue.arn, err)
	}
	return nil
}

// Close removes the mapping. Batches are not waited for, as Disable does: the function finishes what it has begun, but
// its messages stay in the queue and will be delivered again. It returns when no goroutine of the mapping is left.
func (m *EventSourceMapping) Close() {
	m.mu.Lock()
	m.closed, m.stop = true, nil
	m.mu.Unlock()
	m.cancel()
	m.working.Wait()
	m.api.close()
	m.detached()
}

// waitBatches waits until no batch is at work.
func (m *EventSourceMapping) waitBatches(ctx context.Context) error {
	for {
		m.mu.Lock()
		n, changed := m.batches, m.changed
		m.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// idle reports whether no batch is at work.
func (m *EventSourceMapping) idle() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.batches == 0
}

// count adds to the number of batches at work.
func (m *EventSourceMapping) count(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches += n
	close(m.changed)
	m.changed = make(chan struct{})
}

// WaitDrained waits until the queue holds no message, visible, in flight or delayed, and no batch is at work. What
// waits for its visibility timeout is in flight, so a message that keeps failing ends the wait only when it has reached
// the dead-letter queue or was deleted. SQS's own counts are approximate for up to a minute; those of sqstest are exact.
func (m *EventSourceMapping) WaitDrained(ctx context.Context) error {
	const least, most = 5 * time.Millisecond, 500 * time.Millisecond
	pause := least
	for {
		if err := m.waitBatches(ctx); err != nil {
			return fmt.Errorf("lambdatest: wait until %s is empty: %w", m.queue.arn, err)
		}
		m.mu.Lock()
		changed, closed := m.changed, m.closed
		m.mu.Unlock()
		if closed {
			return ErrClosed
		}
		n, err := m.api.count(ctx)
		if idle := m.idle(); err == nil && n == 0 && idle {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			var answer *queueError
			if errors.As(err, &answer) && answer.permanent() {
				return fmt.Errorf("lambdatest: wait until %s is empty: %w", m.queue.arn, err)
			}
		}
		select {
		case <-changed:
			pause = least
		case <-time.After(pause):
			pause = min(2*pause, most)
		case <-m.base.Done():
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("lambdatest: wait until %s is empty, which holds %d messages: %w", m.queue.arn, n, ctx.Err())
		}
	}
}
