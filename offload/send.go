package offload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

const (
	// maxHops is how often a task may leave a process. Lambda stops a chain of
	// functions that call themselves after about 16 invocations (Lambda Developer
	// Guide, "Recursive loop detection"); the first of them is no hop.
	maxHops = 14

	// sendTime bounds how long one batch is retried, also where the invocation has
	// minutes left: by default the client waits for it.
	sendTime = 10 * time.Second

	// sendAttempts bounds the attempts where another link of the chain could take
	// the tasks instead.
	sendAttempts = 4

	sendInitialInterval = 50 * time.Millisecond
	sendMaxInterval     = 2 * time.Second
)

// fits encodes the task for a sender, and checks that it takes it.
func (l *link) fits(e *entry) error {
	if e.hops() >= maxHops {
		return fmt.Errorf("%w: task %q has left a process %d times already; a task that defers itself needs an end", ErrTooManyHops, e.name, e.hops())
	}
	if err := l.holds(e); err != nil {
		return err
	}
	body, err := e.encode(l.name)
	if errors.Is(err, driver.ErrTooLarge) {
		return fmt.Errorf("%w: task %q, strategy %q: %w", ErrTooLarge, e.name, l.name, err)
	}
	if err != nil {
		return fmt.Errorf("%w: task %q: %w", ErrInput, e.name, err)
	}
	if size := len(body) + l.limits.Overhead; size > l.limits.MessageBytes {
		return fmt.Errorf("%w: task %q takes %d bytes with its envelope, strategy %q takes %d; store the input elsewhere and pass a reference", ErrTooLarge, e.name, size, l.name, l.limits.MessageBytes)
	}
	e.out.body = body
	return nil
}

// encode makes the task's envelope as it stands, with the attempts made so far.
func (e *entry) encode(strategy string) ([]byte, error) {
	info := e.info()
	e.out.trace = e.traceParent(info, strategy)
	envelope := driver.Envelope{
		ID:            info.ID,
		Source:        e.scope.source(),
		Task:          info.Name,
		Time:          info.Accepted,
		Data:          e.out.data,
		Attempt:       info.Attempt,
		Hops:          info.Hops + 1,
		TraceParent:   e.out.trace,
		Timeout:       e.set.travellingTimeout(&e.def.settings),
		Group:         e.set.group,
		Deduplication: e.set.deduplication,
	}
	if e.set.delay > 0 {
		envelope.NotBefore = info.Accepted.Add(e.set.delay)
	}
	body, err := e.scope.off.seal(&envelope)
	if trace := e.out.trace; trace != "" && errors.Is(err, driver.ErrMalformed) {
		// Tracing must not cost the task.
		e.out.trace, envelope.TraceParent = "", ""
		if body, err = e.scope.off.seal(&envelope); err == nil {
			e.scope.off.log.WarnContext(e.observed(), "offload: the Tracer gave no W3C trace context; a task leaves without", "traceParent", trace, "task", info.Name, "taskId", info.ID)
		}
	}
	return body, err
}

// source names the function in envelopes. Some emulators give a name where an ARN should be.
func (s *scope) source() string {
	if lc, ok := lambdacontext.FromContext(s.tail.invocation); ok && strings.HasPrefix(lc.InvokedFunctionArn, "arn:") {
		return lc.InvokedFunctionArn
	}
	return "urn:offload:" + cmp.Or(lambdacontext.FunctionName, "function")
}

// flush sends what is in the outbox, what that brings down the chain to further
// senders included. The error tells of tasks that nobody took.
func (s *scope) flush(ctx context.Context) error {
	var lost []error
	for {
		out := s.takeOutbox()
		if len(out) == 0 {
			if len(lost) == 0 {
				return nil
			}
			return &HandOverError{lost}
		}
		byLink := make([][]*entry, len(s.off.chain))
		for _, e := range out {
			at := e.link()
			byLink[at] = append(byLink[at], e)
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		for i, entries := range byLink {
			if len(entries) == 0 {
				continue
			}
			all.Go(func() {
				l := &s.off.chain[i]
				for j, err := range l.send(ctx, entries, i+1 < len(s.off.chain)) {
					if err := entries[j].sent(err); err != nil {
						mu.Lock()
						lost = append(lost, err)
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		s.sentOutbox()
	}
}

// takeOutbox takes what may leave out of the outbox: not what depends on the success of a delivered task that
// still runs, while a delivery beside it is settled. Once the invocation was answered, everything may. Unless
// it is empty, sentOutbox has to follow: the tail is not over before.
func (s *scope) takeOutbox() []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.outbox
	s.outbox = nil
	if !s.started && !s.closed {
		out, s.outbox = part(out, (*entry).waitsForDelivery)
	}
	if len(out) > 0 {
		s.sending++
	}
	return out
}

// sentOutbox is the end of sending what takeOutbox gave.
func (s *scope) sentOutbox() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending--; s.sending == 0 {
		s.wakeIdle()
	}
}

// awaitSent waits for what others send: a shutdown takes the outbox as it is.
func (s *scope) awaitSent() {
	s.mu.Lock()
	for s.sending > 0 {
		s.awaitIdle() // unlocks
		s.mu.Lock()
	}
	s.mu.Unlock()
}

// waitsForDelivery reports whether the task depends on the success of a delivered one that still runs.
func (e *entry) waitsForDelivery() bool {
	d := e.out.origin
	return e.set.onlyOnSuccess && d != nil && d.task != e && d.task.state() == running
}

// sent moves a task on after an attempt to send it: to its end, or down the
// chain. The error says that nobody took it.
func (e *entry) sent(failed error) error {
	if failed == nil {
		e.end(leaving, HandedOver, e.out.reason)
		return nil
	}
	if e.onward(failed) {
		return nil
	}
	lost := fmt.Errorf("%w: task %q: %w", ErrHandOver, e.name, failed)
	kind := Dropped
	if d := e.out.origin; d != nil {
		d.fail(lost)
		if d.task == e {
			kind = Failed // whoever delivered it has it still
		}
	} else {
		e.scope.lose(e, lost)
	}
	e.end(leaving, kind, lost)
	return lost
}

// until gives a context with the invocation's values that ends at t, if that is set.
func (s *scope) until(t time.Time) (context.Context, context.CancelFunc) {
	if t.IsZero() {
		return context.WithCancel(s.tail.values())
	}
	return context.WithDeadline(s.tail.values(), t)
}

// send packs entries into batches and sends them, as many at once as the sender
// allows. The result has an error for each entry that the sender did not take.
func (l *link) send(ctx context.Context, entries []*entry, hasNext bool) []error {
	messages := make([]driver.Message, len(entries))
	for i, e := range entries {
		messages[i] = e.message(l)
	}
	if l.limits.Ordered {
		return l.sendOrdered(ctx, messages, hasNext)
	}
	errs := make([]error, len(messages))
	slots := make(chan struct{}, l.limits.Concurrency)
	var all sync.WaitGroup
	for start, end := 0, 0; start < len(messages); start = end {
		end = l.fill(messages, start)
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			l.sendBatch(ctx, messages[start:end:end], errs[start:end], hasNext)
		})
	}
	all.Wait()
	return errs
}

// fill gives the end of the batch that begins at start. It has one message at least.
func (l *link) fill(messages []driver.Message, start int) int {
	size := 0
	for i := start; i < len(messages); i++ {
		size += len(messages[i].Body) + l.limits.Overhead
		if i > start && (i-start == l.limits.BatchEntries || l.limits.BatchBytes > 0 && size > l.limits.BatchBytes) {
			return i
		}
	}
	return len(messages)
}

// message is the task as a sender gets it.
func (e *entry) message(l *link) driver.Message {
	info := e.info()
	m := driver.Message{
		ID:            info.ID,
		Task:          info.Name,
		Body:          e.out.body,
		Group:         e.set.group,
		Deduplication: e.deduplication(&info),
		Hops:          info.Hops + 1,
	}
	if e.set.delay > 0 {
		m.Delay = min(max(0, e.set.delay-time.Since(info.Accepted)), l.limits.MaxDelay)
	}
	m.TraceHeader = e.scope.xrayHeader()
	if e.scope.off.tracer != nil {
		m.TraceHeader = xrayWithParent(m.TraceHeader, e.out.trace)
	}
	return m
}

// errSendGoexit is for messages whose Send did not come back.
var errSendGoexit = errors.New("offload: the strategy called runtime.Goexit in Send")

// sendBatch sends one batch, on a goroutine that Send may end, and again what failed of it, with exponential backoff.
func (l *link) sendBatch(ctx context.Context, batch []driver.Message, errs []error, hasNext bool) {
	open := make([]int, len(batch)) // indexes of what is not sent yet
	for i := range open {
		open[i] = i
		errs[i] = errSendGoexit // which is what it remains if Send ends this goroutine
	}
	var policy backoff.BackOff = &backoff.ExponentialBackOff{
		InitialInterval:     sendInitialInterval,
		RandomizationFactor: 1,
		Multiplier:          2,
		MaxInterval:         sendMaxInterval,
		MaxElapsedTime:      sendTime,
		Stop:                backoff.Stop,
		Clock:               backoff.SystemClock,
	}
	if hasNext {
		policy = backoff.WithMaxRetries(policy, sendAttempts-1)
	}
	deadline, _ := ctx.Deadline()
	policy = backoff.WithContext(&beforeDeadline{BackOff: policy, deadline: deadline}, ctx)

	_ = backoff.Retry(func() error {
		results := l.trySend(ctx, batch)
		again := batch[:0:0]
		stillOpen := open[:0]
		for i, at := range open {
			errs[at] = results[i]
			if results[i] != nil && !permanent(results[i]) {
				again = append(again, batch[i])
				stillOpen = append(stillOpen, at)
			}
		}
		if len(again) == 0 {
			return nil
		}
		batch, open = again, stillOpen
		return errs[open[0]]
	}, policy)
}

// beforeDeadline stops when the next attempt would begin after the deadline.
type beforeDeadline struct {
	backoff.BackOff
	deadline time.Time
}

func (b *beforeDeadline) NextBackOff() time.Duration {
	next := b.BackOff.NextBackOff()
	if next != backoff.Stop && !b.deadline.IsZero() && time.Until(b.deadline) <= next {
		return backoff.Stop
	}
	return next
}

// trySend calls Send once, and makes its result one error per message.
func (l *link) trySend(ctx context.Context, batch []driver.Message) (results []error) {
	all := func(err error) []error {
		results := make([]error, len(batch))
		for i := range results {
			results[i] = err
		}
		return results
	}
	returned := false
	defer func() {
		if v := recover(); v != nil || !returned { // a Goexit goes on
			results = all(backoff.Permanent(fmt.Errorf("offload: strategy %q panicked in Send: %v", l.name, v)))
		}
	}()
	results = l.sender.Send(ctx, batch)
	returned = true
	switch len(results) {
	case len(batch):
		return results
	case 0:
		return all(nil)
	default:
		return all(backoff.Permanent(fmt.Errorf("offload: strategy %q gave %d results for %d messages", l.name, len(results), len(batch))))
	}
}

func (*remote) measure(l *link) error {
	l.limits = l.sender.Limits()
	if l.limits.MessageBytes <= 0 {
		return fmt.Errorf("%w: strategy %q gives no Limits.MessageBytes", ErrConfig, l.name)
	}
	l.limits.BatchEntries = max(l.limits.BatchEntries, 1)
	l.limits.Concurrency = max(l.limits.Concurrency, 1)
	return nil
}
