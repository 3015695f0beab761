package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// QueueMapping says how the messages of an SQS queue reach a function: the settings of an event source mapping. Only
// QueueURL is required. The numbers are those of "Using Lambda with Amazon SQS" in the AWS Lambda Developer Guide.
type QueueMapping struct {
	// QueueURL of the queue, standard or FIFO.
	QueueURL string
	// Endpoint is the URL of an SQS endpoint that speaks the AWS JSON protocol, for example sqstest.Server.URL. Default:
	// Function.SQSEndpoint, and if that is empty too, scheme and host of QueueURL.
	Endpoint string
	// Client makes the requests; with a transport that signs them it also reaches an endpoint that wants signatures, which
	// are placeholders otherwise. It must not limit the time of a request to less than a minute. Default: a client of its own.
	Client *http.Client

	// BatchSize is how many messages one invocation gets at most: 1 to 10, and to 10,000 for a standard queue with a
	// BatchWindow. Fewer travel together where the event would exceed MaxPayload. Default 10.
	BatchSize int
	// BatchWindow is how long messages are collected, from the first on, before a batch that is not full is handed over:
	// whole seconds, up to 300, standard queues only. SQS waits in whole seconds as well, so that a window may last up to a
	// second longer; on AWS it may become 20 s. Default 0: a batch is what one request to the queue returned.
	BatchWindow time.Duration
	// ReportBatchItemFailures takes the function's response for a list of the messages that failed; the others are deleted.
	// Without it the response counts for nothing, and an invocation that fails keeps the whole batch in the queue.
	ReportBatchItemFailures bool
	// MaximumConcurrency bounds how many batches the function has at a time: 2 to 1,000. Default 0: as many as the backlog
	// calls for, five to begin with and five more each second, up to 1,250; fewer after failures and throttles.
	MaximumConcurrency int
}

const (
	defaultBatchSize       = 10
	maxReceive             = 10 // of one ReceiveMessage
	maxWindowedBatch       = 10_000
	maxBatchWindow         = 300 * time.Second
	minMaximumConcurrency  = 2
	maxMaximumConcurrency  = 1_000
	defaultBatchesInFlight = 1_250
)

// withDefaults returns a checked copy. What depends on the queue is checked by checkQueue.
func (m QueueMapping) withDefaults() (QueueMapping, error) {
	u, err := url.Parse(m.QueueURL)
	if err != nil || m.QueueURL == "" {
		return m, invalidParameter("QueueMapping.QueueURL %q is not the URL of a queue", m.QueueURL)
	}
	if m.Endpoint == "" {
		m.Endpoint = u.Scheme + "://" + u.Host
	}
	if e, err := url.Parse(m.Endpoint); err != nil || e.Host == "" || e.Scheme != "http" && e.Scheme != "https" {
		return m, invalidParameter("SQS endpoint %q: want a URL such as http://127.0.0.1:9324, in QueueMapping.Endpoint or as the "+
			"beginning of QueueURL", m.Endpoint)
	}
	if m.BatchSize == 0 {
		m.BatchSize = defaultBatchSize
	}
	switch {
	case m.BatchWindow < 0 || m.BatchWindow > maxBatchWindow || m.BatchWindow%time.Second != 0:
		return m, invalidParameter("QueueMapping.BatchWindow is %v, want whole seconds from 0 to %v", m.BatchWindow, maxBatchWindow)
	case m.BatchSize < 1 || m.BatchSize > maxWindowedBatch:
		return m, invalidParameter("QueueMapping.BatchSize is %d, want 1 to %d", m.BatchSize, maxWindowedBatch)
	case m.BatchSize > maxReceive && m.BatchWindow == 0:
		return m, invalidParameter("QueueMapping.BatchSize is %d; more than %d need a BatchWindow of at least 1 s", m.BatchSize, maxReceive)
	case m.MaximumConcurrency != 0 && (m.MaximumConcurrency < minMaximumConcurrency || m.MaximumConcurrency > maxMaximumConcurrency):
		return m, invalidParameter("QueueMapping.MaximumConcurrency is %d, want %d to %d, or 0 for no limit of its own",
			m.MaximumConcurrency, minMaximumConcurrency, maxMaximumConcurrency)
	}
	return m, nil
}

// checkQueue refuses what does not fit the queue.
func (m QueueMapping) checkQueue(q queueInfo, functionTimeout time.Duration) error {
	switch {
	case q.fifo && m.BatchWindow > 0:
		return invalidParameter("QueueMapping.BatchWindow is %v; FIFO queues take none", m.BatchWindow)
	case q.fifo && m.BatchSize > maxReceive:
		return invalidParameter("QueueMapping.BatchSize is %d; FIFO queues take 1 to %d", m.BatchSize, maxReceive)
	case functionTimeout > q.visibility:
		return invalidParameter("Queue visibility timeout: %v is less than Function timeout: %v; AWS advises six times the "+
			"function's timeout, plus the batch window", q.visibility, functionTimeout)
	}
	return nil
}

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
	inv, err := l.dispatch(ctx, request{id: id, payload: event})
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
	// "If the sum of the batch window and the function timeout is larger than the visibility timeout, Lambda uses this":
	// Developer Guide, edition of 2023.
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
	esm.base, esm.cancel = context.WithCancel(context.Background()) //nolint:contextcheck // lives until Close
	return esm, nil
}

// UUID of the mapping, as in its journal events.
func (m *EventSourceMapping) UUID() string { return m.id }

// QueueARN is the ARN of the queue, the eventSourceARN of its records.
func (m *EventSourceMapping) QueueARN() string { return m.queue.arn }

// Enable begins to poll again after Disable. It does nothing while the mapping polls, and returns ErrClosed after Close.
func (m *EventSourceMapping) Enable() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if m.stop != nil {
		return nil
	}
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

// count adds to the number of batches at work.
func (m *EventSourceMapping) count(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches += n
	close(m.changed)
	m.changed = make(chan struct{})
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
		m.mu.Lock()
		idle := m.batches == 0
		m.mu.Unlock()
		if err == nil && n == 0 && idle {
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

// regionOf an ARN.
func regionOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return defaultRegion
	}
	return parts[3]
}
