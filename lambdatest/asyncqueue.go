package lambdatest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Bounds of a function's queue of asynchronous events. AWS publishes none; a request beyond them is throttled.
const (
	maxAsyncEvents = 1 << 17
	maxAsyncBytes  = 1 << 29
)

// asyncPickup is how long after an event was accepted the queue is looked at, unless an attempt ends before. On AWS the caller has its answer before anything
// reads the event, tens of milliseconds later; with none at all, the function's threads, thawed on the same processors,
// would keep the answer from leaving.
const asyncPickup = time.Millisecond

// asyncQueue is the queue in front of a function that is invoked asynchronously. It hands the function as many events
// at a time as its environments can take, so that throttles come from other callers and not from itself.
type asyncQueue struct {
	config   AsyncConfig
	capacity int
	function invoker
	record   func(Event)
	// deliver sends what is to be sent of an event that ended, and returns what it could not.
	deliver func(ctx context.Context, e *asyncEvent) error
	idle    *gate // of the service
	own     gate

	stopped context.Context // ends with close
	stop    context.CancelFunc
	workers sync.WaitGroup

	mu      sync.Mutex
	open    map[string]*asyncEvent // by request id: everything that has no result
	bytes   int                    // payloads of those
	ready   []*asyncEvent          // in order
	running int
	results asyncResults
	closed  bool
}

func newAsyncQueue(l *Lambda) *asyncQueue {
	q := &asyncQueue{
		config: l.fn.Async, capacity: l.fn.MaxEnvironments * l.fn.EnvironmentConcurrency, function: l,
		record: l.journal.record, deliver: l.deliverOutcome, idle: &l.service.async,
		open: map[string]*asyncEvent{},
	}
	q.stopped, q.stop = context.WithCancel(context.Background())
	return q
}

// accept puts a request into the queue, which owns its payload from then on. When it returns nil the event will be run,
// unless the queue is closed.
func (q *asyncQueue) accept(req request) error {
	if len(req.payload) > MaxAsyncPayload {
		return eventTooLarge(len(req.payload))
	}
	if err := checkPayload(req.payload); err != nil {
		return err
	}
	req.isJSON = true
	if req.id == "" {
		req.id = newUUID()
	}
	if req.traceID == "" {
		req.traceID = newTraceID() // one for all attempts
	}
	req.clientContext = "" // which AWS passes on in synchronous invocations only
	e := &asyncEvent{request: req, accepted: time.Now(), done: make(chan struct{})}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case len(q.open) >= maxAsyncEvents || q.bytes+len(req.payload) > maxAsyncBytes:
		return throttled()
	case q.open[req.id] != nil:
		return fmt.Errorf("lambdatest: request %s is in the queue already", req.id)
	}
	q.open[req.id] = e
	q.bytes += len(req.payload)
	q.own.enter()
	q.idle.enter()
	q.event(EventAsyncAccepted, e, "")
	q.ready = append(q.ready, e)
	time.AfterFunc(asyncPickup, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.startReady()
	})
	return nil
}

func (q *asyncQueue) event(kind EventKind, e *asyncEvent, message string) {
	q.record(Event{Kind: kind, RequestID: e.id, Message: message})
}

// startReady runs what is ready as far as there is capacity. The caller holds mu.
func (q *asyncQueue) startReady() {
	for q.running < q.capacity && len(q.ready) > 0 && !q.closed {
		e := q.ready[0]
		q.ready[0] = nil
		q.ready = q.ready[1:]
		q.running++
		q.workers.Go(func() { q.run(e) })
	}
}

// run makes one attempt at an event and decides what becomes of it.
func (q *asyncQueue) run(e *asyncEvent) {
	q.mu.Lock()
	expired := e.age(time.Now(), q.config.Speedup) >= q.config.MaximumEventAge
	q.mu.Unlock()
	var a attempt
	if !expired {
		a = q.attempt(e)
	}
	q.mu.Lock()
	q.running--
	if q.closed {
		q.mu.Unlock()
		return
	}
	condition, wait := AsyncEventAgeExceeded, time.Duration(0)
	if !expired {
		condition, wait = q.judge(e, a)
	}
	if condition == "" {
		q.wait(e, wait)
	}
	q.startReady()
	q.mu.Unlock()
	if condition != "" {
		q.end(e, condition)
	}
}

// attempt runs the function and waits for the end of the invocation, since a timeout after the response fails it too.
func (q *asyncQueue) attempt(e *asyncEvent) attempt {
	inv, err := q.function.dispatch(q.stopped, e.request)
	if err != nil {
		return attempt{err: err}
	}
	<-inv.ended
	switch r := inv.reply; {
	case r.err != nil:
		return attempt{err: r.err}
	case inv.fault != nil:
		return attempt{traceID: inv.traceID, failure: inv.failure(inv.fault), system: inv.fault.errorType == errSandboxFailure}
	default:
		return attempt{traceID: inv.traceID, failure: r.failure, body: r.body}
	}
}

// judge decides how an event goes on: it ended with a condition, or waits for its next attempt. The caller holds mu.
func (q *asyncQueue) judge(e *asyncEvent, a attempt) (AsyncCondition, time.Duration) {
	e.last = &a
	if errors.Is(a.err, ErrRecursion) {
		return AsyncRecursiveLoop, 0
	}
	if a.err != nil || a.system {
		e.throttles++
		wait := e.backoff()
		q.event(EventAsyncRetry, e, fmt.Sprintf("in %v: %v", wait, a.reason()))
		return "", wait
	}
	e.throttles = 0
	e.attempts++
	if a.failure == nil {
		return AsyncSuccess, 0
	}
	if e.attempts > q.config.retries() {
		return AsyncRetriesExhausted, 0
	}
	wait := firstAsyncRetry
	if e.attempts > 1 {
		wait = secondAsyncRetry
	}
	// A retry that would come too late is not waited for (recorded on AWS by LocalStack's tests, test_maxeventage, November 2025).
	if e.age(time.Now(), q.config.Speedup)+wait >= q.config.MaximumEventAge {
		return AsyncEventAgeExceeded, 0
	}
	q.event(EventAsyncRetry, e, fmt.Sprintf("in %v: %v", wait, a.reason()))
	return "", wait
}

func (a *attempt) reason() error {
	if a.err != nil {
		return a.err
	}
	return a.failure
}

// wait makes e ready after the given time of AWS's, or when it will be too old. The caller holds mu.
func (q *asyncQueue) wait(e *asyncEvent, wait time.Duration) {
	now := time.Now()
	age := e.age(now, q.config.Speedup)
	e.dueAge = min(age+wait, max(age, q.config.MaximumEventAge))
	e.waitedFrom, e.wait = now, scaled(e.dueAge-age, 1/q.config.Speedup)
	var timer *time.Timer
	timer = time.AfterFunc(e.wait, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if e.timer == timer { // else Advance was quicker
			q.due(e)
		}
	})
	e.timer = timer
}

// due makes an event ready whose wait is over. The caller holds mu.
func (q *asyncQueue) due(e *asyncEvent) {
	if q.closed {
		return
	}
	e.timer.Stop()
	now := time.Now()
	e.skipped += e.gained(now, q.config.Speedup)
	e.timer = nil
	// What a division has rounded off must not make it early.
	e.skipped += max(0, e.dueAge-e.age(now, q.config.Speedup))
	q.ready = append(q.ready, e)
	q.startReady()
}

// advance makes all events older by d.
func (q *asyncQueue) advance(d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	var due []*asyncEvent
	for _, e := range q.open {
		e.skipped += d
		if e.timer == nil {
			continue
		}
		if left := e.dueAge - e.age(now, q.config.Speedup); left > 0 {
			rest := scaled(left, 1/q.config.Speedup)
			e.wait = now.Sub(e.waitedFrom) + rest
			e.timer.Reset(rest)
		} else {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b *asyncEvent) int { return cmp.Compare(a.accepted.UnixNano(), b.accepted.UnixNano()) })
	for _, e := range due {
		q.due(e)
	}
}

// end delivers the outcome of an event and forgets it.
func (q *asyncQueue) end(e *asyncEvent, condition AsyncCondition) {
	e.result = AsyncResult{RequestID: e.id, Condition: condition, Attempts: e.attempts}
	if a := e.last; a != nil {
		e.result.Payload = a.body
		if a.failure != nil {
			e.result.FunctionError, e.result.Payload = unhandled, a.failure.Payload
		}
	}
	e.result.DeliveryError = q.deliver(q.stopped, e)
	if q.stopped.Err() != nil {
		return // close has counted it out
	}
	if err := e.result.DeliveryError; err != nil {
		q.event(EventAsyncDeliveryFailed, e, err.Error())
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.event(EventAsyncEnd, e, string(condition))
	q.results.add(e.result)
	q.forget(e)
	close(e.done)
}

// forget counts an event out. The caller holds mu.
func (q *asyncQueue) forget(e *asyncEvent) {
	delete(q.open, e.id)
	q.bytes -= len(e.payload)
	q.own.leave()
	q.idle.leave()
}

// result waits for the outcome of an event.
func (q *asyncQueue) result(ctx context.Context, requestID string) (AsyncResult, error) {
	q.mu.Lock()
	e := q.open[requestID]
	found, over := q.results.byID[requestID]
	q.mu.Unlock()
	switch {
	case over:
		return found, nil
	case e == nil:
		return AsyncResult{}, fmt.Errorf("%w: %s", ErrNotRecorded, requestID)
	}
	select {
	case <-e.done:
		return e.result, nil
	case <-q.stopped.Done():
		select {
		case <-e.done:
			return e.result, nil
		default:
			return AsyncResult{}, ErrClosed
		}
	case <-ctx.Done():
		return AsyncResult{}, fmt.Errorf("outcome of request %s: %w", requestID, ctx.Err())
	}
}

// close refuses further events and gives up those it has. The attempts and deliveries that are under way end soon,
// once the environments are gone; workers counts them.
func (q *asyncQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	q.stop()
	for _, e := range q.open {
		if e.timer != nil {
			e.timer.Stop()
		}
		q.forget(e)
	}
	q.ready = nil
}
