package offload

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// scope is the deferred work of one invocation. It is also the context that the
// handler gets, so that After finds it.
//
// It accepts tasks from the start of the handler to the end of the tail. Tasks
// that run here wait in held until the response is out, then in ready for a worker;
// tasks that leave wait in outbox.
//
// One is made for every invocation, so its size is time: queues go through the
// entries themselves, and what few invocations need is allocated by those.
type scope struct {
	off    *offloader
	id     scopeID
	start  time.Time
	tail   tailContext
	margin time.Duration // between the end of the tail's context and the invocation's deadline

	older, newer *scope // in the ledger

	mu         sync.Mutex
	accepted   int32 // tasks that count towards WithMaxTasks
	numbered   int32 // entries given out
	held       queue
	ready      queue
	next       *entry // of ready: those before it have been begun, or given up; nil: all
	outbox     []*entry
	idle       chan struct{} // closed when workers, moving or sending reaches 0; nil if nobody waits
	done       chan struct{} // closed when finished; nil if nobody waits
	courier    *courier      // nil if nothing is being sent in the tail
	workers    atomic.Int32  // changes under mu
	moving     int32         // tasks between two links of the chain
	sending    int32         // flushes that are under way, whoever makes them
	lost       *losses       // tasks of the handler that nobody took before the response; nil: none
	started    bool          // the tail was begun, held tasks may run
	closed     bool          // no further task is accepted
	abandoned  bool          // given up: workers are not waited for
	concluding bool          // somebody is at the end of the tail
	finished   bool          // the tail is over

	final    bool         // the process may exit after Keep
	missed   bool         // the keeper was told that the invocation did not reach the handler
	working  bool         // runTail is at a task of its own; under mu
	loan     atomic.Int32 // who has the goroutine of the runtime loop
	kept     sync.Once    // Keep was called
	settling sync.Mutex   // held while what deliveries have deferred is sent

	first entry
	slab  []entry // of the newest task
}

// Entries beyond the first come from slabs: a small one, then large ones. These numbers of
// them fill size classes of the runtime, 640 and 4,096 bytes with the header of a block.
const (
	smallestSlab = 9
	largestSlab  = 63
)

// slot gives the entry for the n-th task, counted from 0. Each n is asked for once, in order.
func (s *scope) slot(n int) *entry {
	if n == 0 {
		return &s.first
	}
	at, slab := n-1, smallestSlab
	if at >= smallestSlab {
		at, slab = (at-smallestSlab)%largestSlab, largestSlab
	}
	if at == 0 {
		s.slab = make([]entry, slab)
	}
	return &s.slab[at]
}

// queue is a list of entries, linked through them: an entry is in one queue at a time.
type queue struct{ first, last *entry }

func (q *queue) push(e *entry) {
	if q.last == nil {
		q.first = e
	} else {
		q.last.after = e
	}
	q.last = e
}

// join moves the entries of other to the end of q.
func (q *queue) join(other *queue) {
	if q.last == nil {
		q.first = other.first
	} else {
		q.last.after = other.first
	}
	q.last = other.last
	*other = queue{}
}

// Deadline, Done and Err are the invocation's.
func (s *scope) Deadline() (time.Time, bool) { return s.tail.invocation.Deadline() }
func (s *scope) Done() <-chan struct{}       { return s.tail.invocation.Done() }
func (s *scope) Err() error                  { return s.tail.invocation.Err() }

// Value makes the scope known to After, and is otherwise the invocation's.
func (s *scope) Value(key any) any {
	if _, ok := key.(acceptorKey); ok {
		return s
	}
	return s.tail.invocation.Value(key)
}

// accept is After for a real invocation.
func (s *scope) accept(ctx context.Context, task Task, opts []AfterOption) error {
	if err := task.validate(); err != nil {
		return err
	}
	set, err := settingsFor(task, opts)
	if err != nil {
		return err
	}
	if !s.off.simple || set.delay > 0 {
		return s.acceptChecked(ctx, task, set)
	}
	d := s.detailsFor(ctx, task, set, nil)
	s.mu.Lock()
	e, err := s.newEntry(task, d)
	if err == nil {
		s.wait(e)
	}
	s.mu.Unlock()
	return err
}

// acceptChecked accepts a task that some strategy may refuse, or that an observer
// wants to hear of.
func (s *scope) acceptChecked(ctx context.Context, task Task, set *settings) error {
	var out *outgoing
	if s.off.works() {
		var err error
		if out, err = s.off.opts.crossing.outgoing(ctx, s.off, task); err != nil {
			return err
		}
	} else if s.off.tracer != nil {
		out = &outgoing{}
	}
	d := s.detailsFor(ctx, task, set, out)
	s.mu.Lock()
	e, err := s.newEntry(task, d)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if out != nil {
		out.id = e.info().ID // before anybody else can see the entry
	}
	link := 0
	if c := s.off.opts.crossing; c != nil {
		link, err = c.route(e, 0)
	} else {
		err = s.off.chain[0].keeps(e)
	}
	if err == nil {
		e.setLink(link)
		// Before a worker can see the entry: observers get events in order.
		e.publish(Accepted, 0, nil)
	}

	s.mu.Lock()
	placed := err == nil && !s.closed
	if placed {
		s.enqueue(e)
	} else if err != nil {
		s.accepted--
	}
	s.mu.Unlock()
	if err == nil && !placed {
		err = ErrClosed
		e.end(queued, Dropped, err) // for those who saw it accepted
	}
	return err
}

// newEntry gives a task its place in the books. s.mu is held.
func (s *scope) newEntry(task Task, d *details) (*entry, error) {
	if s.closed {
		return nil, ErrClosed
	}
	if int(s.accepted) >= s.off.opts.maxTasks {
		return nil, fmt.Errorf("%w: %d tasks are deferred already; raise WithMaxTasks or put several items into one task", ErrTooManyTasks, s.off.opts.maxTasks)
	}
	if s.off.signalsDue.Load() && s.off.signalsDue.Swap(false) {
		s.off.watchSignals()
	}
	e := s.slot(int(s.numbered))
	s.accepted++
	s.numbered++
	e.scope, e.name, e.in, e.details = s, task.name, task.in, d
	e.number = s.numbered
	return e, nil
}

// enqueue puts an accepted entry where its link takes it. s.mu is held.
func (s *scope) enqueue(e *entry) {
	if s.off.chain[e.link()].sender != nil {
		s.off.opts.crossing.mail(s, e)
	} else {
		s.wait(e)
	}
}

// wait puts an entry where it waits to run here. s.mu is held.
func (s *scope) wait(e *entry) {
	if !s.started && !e.set.eager {
		s.held.push(e)
		return
	}
	s.ready.push(e)
	if s.next == nil {
		s.next = e
	}
	s.addWorker()
}

// hard is when unfinished tasks are given up: after half of the margin. It is zero
// without a deadline.
func (s *scope) hard() time.Time { return s.beyondTail(s.margin - s.margin/2) }

// flushBy is when sending ends: what is left of the margin is for the last events.
func (s *scope) flushBy() time.Time { return s.beyondTail(s.margin - s.margin/8) }

func (s *scope) beyondTail(d time.Duration) time.Time {
	if s.tail.deadline.IsZero() {
		return time.Time{}
	}
	return s.tail.deadline.Add(d)
}

// Tail implementation for keepers.

// RequestID implements driver.Tail.
func (s *scope) RequestID() string {
	if lc, ok := lambdacontext.FromContext(s.tail.invocation); ok {
		return lc.AwsRequestID
	}
	return ""
}

// Final implements driver.Tail.
func (s *scope) Final() bool { return s.final }

// Empty implements driver.Tail.
func (s *scope) Empty() bool {
	s.mu.Lock()
	empty := s.empty()
	s.mu.Unlock()
	return empty && s.off.opts.tailEnd == nil
}

// leaves reports that tasks wait in the outbox, or are being sent in the tail. s.mu is held.
func (s *scope) leaves() bool { return s.courier != nil || len(s.outbox) > 0 }

func (s *scope) empty() bool {
	return s.workers.Load() == 0 && s.held.first == nil && s.next == nil && len(s.outbox) == 0
}
