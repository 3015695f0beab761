package offload

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

// How an envelope came, as Event.Strategy tells it. Any sender that ends in an
// invocation with the envelope as its payload comes as "invoke".
const (
	viaInvoke = "invoke"
	viaSQS    = "sqs"
)

// arrived is the link of a task that came in an event: before the first of the chain.
const arrived = -1

// delivery is one envelope that an event brought. It is the origin of its task and
// of all tasks that are deferred from there: their hops count from its own, and it
// is not acknowledged unless those that leave by a sender have left.
type delivery struct {
	_        incomparable
	via      string
	receives int // how often the queue has delivered the message, this time included
	ordered  bool
	hops     int

	traceParent string // in the envelope
	task        *entry // nil until the envelope was opened
	due         time.Time
	hopeless    bool // the task's own error is marked as permanent

	mu     sync.Mutex
	failed error
}

// fail makes the delivery fail; the first reason is kept.
func (d *delivery) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		d.failed = err
	}
}

func (d *delivery) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// scopeOf gives the invocation's scope.
func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(acceptorKey{}).(*scope)
	return s
}

// originOf gives the delivery whose task, or one deferred from there, ctx belongs to.
func originOf(ctx context.Context) *delivery {
	if e, ok := ctx.Value(taskKey{}).(*entry); ok && e.out != nil {
		return e.out.origin
	}
	return nil
}

// open makes the envelope's task ready to run in s.
func (d *delivery) open(s *scope, body []byte) error {
	envelope, err := driver.Decode(body)
	if err != nil {
		return fmt.Errorf("offload: a task arrived that cannot be read: %w", err)
	}
	if keys := s.off.opts.remote().keys; keys != nil {
		if err := keys.Verify(envelope); err != nil {
			return fmt.Errorf("offload: task %q (ID %s) arrived and was not run: %w", envelope.Task, envelope.ID, err)
		}
	}
	def, ok := lookup(envelope.Task)
	if !ok {
		return fmt.Errorf("%w: %q (ID %s) arrived; this program defines: %s", ErrUnknownTask, envelope.Task, envelope.ID, strings.Join(defined(), ", "))
	}
	in, err := def.decodeInput(envelope.Data)
	if err != nil {
		return fmt.Errorf("offload: the input of task %q (ID %s) does not decode: %w", envelope.Task, envelope.ID, err)
	}

	set := def.settings
	set.maxAttempts = 1 // per delivery: whoever delivers also repeats
	set.id, set.group, set.deduplication = envelope.ID, envelope.Group, envelope.Deduplication
	if envelope.Timeout > 0 {
		set.timeout = envelope.Timeout
	}
	if !envelope.NotBefore.IsZero() {
		set.delay = envelope.NotBefore.Sub(envelope.Time)
	}
	d.hops, d.due, d.traceParent = envelope.Hops, envelope.NotBefore, envelope.TraceParent
	d.task = &entry{
		scope: s,
		name:  def.name,
		in:    in,
		details: &details{
			def:      def,
			set:      &set,
			out:      &outgoing{data: envelope.Data, origin: d},
			accepted: envelope.Time.Sub(s.start),
		},
	}
	if t := s.off.tracer; t != nil {
		d.task.values = t.TaskArrives(s.tail.values(), envelope.TraceParent)
	}
	d.task.put(running)
	d.task.setLink(arrived)
	d.task.count(envelope.Attempt)
	d.task.count(d.receives - 1)
	return nil
}

// decodeInput decodes a task's input. A panic of its UnmarshalJSON is an error.
func (d *definition) decodeInput(data []byte) (in any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return d.decode(data)
}

// perform runs the task once, or sends it on if it is not due yet, and returns when
// it has ended or the invocation has to be answered.
func (d *delivery) perform() {
	e := d.task
	s := e.scope
	if d.postpone() {
		return // settleDeliveries sends it
	}
	if reason := s.tail.ended(s.start); reason != nil {
		d.end(reason)
		return
	}
	if err := d.await(); err != nil {
		d.end(err)
		return
	}
	e.firstRun.Store(max(1, int64(time.Since(s.start))))
	done := make(chan error, 1)
	go func() {
		err := ErrGoexit
		defer func() { done <- err }()
		e.count(1)
		err = e.try()
	}()
	var hard <-chan time.Time
	if at := s.hard(); !at.IsZero() {
		timer := time.NewTimer(time.Until(at))
		defer timer.Stop()
		hard = timer.C
	}
	for over := s.tail.Done(); ; {
		select {
		case err := <-done:
			d.end(err)
			return
		case <-hard:
			s.tail.end(ErrDeadline) // if nothing else came first
			d.end(fmt.Errorf("%w: the task did not return in time", s.tail.ended(s.start)))
			return
		case <-over:
			over = nil
			if errors.Is(s.tail.ended(s.start), ErrShutdown) { // SIGKILL is near
				hard = time.After(shutdownGrace)
			}
		}
	}
}

// end ends the task and, if it failed, the delivery. Whoever delivers it keeps the
// task then, so it is Failed here, never Dropped.
func (d *delivery) end(err error) {
	if err == nil {
		d.task.end(running, Done, nil)
		return
	}
	var marked *backoff.PermanentError
	d.hopeless = errors.As(err, &marked)
	s := d.task.scope
	if reason := s.tail.ended(s.start); reason != nil && !errors.Is(err, reason) {
		err = fmt.Errorf("%w: %w", reason, err)
	}
	d.fail(err)
	s.dropOnlyOnSuccess(func(e *entry) bool { return e.out.origin == d }) // first: another delivery's flush takes them once this task has ended
	d.task.end(running, Failed, err)
}

// postpone puts a task that is not due yet into the outbox, where a sender of the
// chain can hold it back. In a FIFO queue it stays, for its order.
func (d *delivery) postpone() bool {
	if d.ordered || time.Until(d.due) <= 0 {
		return false
	}
	return d.task.onward(nil)
}

// await waits until the task is due, if that is soon enough to run it.
func (d *delivery) await() error {
	wait := time.Until(d.due)
	if wait <= 0 {
		return nil
	}
	e := d.task
	if deadline := e.scope.tail.deadline; !deadline.After(d.due) { // nor does an invocation without one wait for years
		return fmt.Errorf("%w: task %q (ID %s) is due at %s, after this invocation's end, and no strategy of the chain can hold it back until then",
			ErrNotDue, e.name, e.set.id, d.due.UTC().Format(time.RFC3339))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-e.scope.tail.Done():
		return context.Cause(e.scope.tail.real())
	}
}

// settleDeliveries sends what delivered tasks have deferred to senders. It comes before
// their acknowledgement, whatever WithHandOff says: a task that was acknowledged is not
// delivered again. What could not be sent has failed its delivery when this returns.
func (s *scope) settleDeliveries() {
	s.settling.Lock() // another delivery's flush may have taken what this one is about
	defer s.settling.Unlock()
	ctx, cancel := s.until(s.flushBy())
	defer cancel()
	_ = s.flush(ctx) // each delivery has its part of the error
	s.awaitSent()
}
