package offload

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload/internal/deferral"
)

// scope is the deferred work of one invocation. It is also the context that the
// handler gets, so that After finds it.
//
// It accepts tasks from the start of the handler to the end of the tail. Tasks
// that run here wait in held until the response is out, then in ready for a worker;
// tasks that leave wait in outbox.
type scope struct {
	context.Context
	off       *offloader
	requestID string
	hops      int // of the envelope that a worker is running; 0 in a handler
	tail      tailContext
	hard      time.Time // when unfinished tasks are given up; zero: never
	flushBy   time.Time // when sending ends; zero: never
	final     bool      // the process may exit after Keep
	kept      sync.Once // Keep was called

	older, newer *scope // in the ledger

	mu       sync.Mutex
	accepted int
	held     []*entry
	ready    []*entry
	next     int // of ready: those before it have been given to workers
	outbox   []*entry
	workers  int
	started  bool          // Run was called, held tasks may run
	closed   bool          // no further task is accepted
	finished bool          // Run is done
	idle     chan struct{} // closed when workers reaches 0; nil if nobody waits
	done     chan struct{} // closed when finished; nil if nobody waits

	slab       []entry // entries not yet given out
	firstSlab  [2]entry
	firstQueue [4]*entry
}

// slabEntries is how many entries are allocated together, at most.
const slabEntries = 64

// Value makes the scope known to After, and is otherwise the invocation's.
func (s *scope) Value(key any) any {
	if _, ok := key.(deferral.Key); ok {
		return s
	}
	return s.Context.Value(key)
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
	var data []byte
	if s.off.sends && task.def != nil {
		if data, err = task.encodeInput(); err != nil {
			return err
		}
	}

	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.accepted >= s.off.opts.maxTasks {
		s.mu.Unlock()
		return fmt.Errorf("%w: %d tasks are deferred already; raise WithMaxTasks or put several items into one task", ErrTooManyTasks, s.off.opts.maxTasks)
	}
	e := s.newEntry()
	s.accepted++
	s.mu.Unlock()

	e.scope, e.task, e.set, e.data = s, task, set, data
	e.id = newTaskID()
	e.accepted = time.Now()
	e.values = s.tail.values
	if ctx != s {
		e.values = context.WithoutCancel(ctx)
	}
	e.link, err = s.off.route(e, 0)
	if err == nil {
		// Before a worker can see the entry: observers get events in order.
		e.publish(Accepted, 0, nil)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.accepted--
	case s.closed:
		err = ErrClosed
		e.end(queued, Dropped, err) // for those who saw it accepted
	default:
		s.place(e)
	}
	return err
}

// source names the function in envelopes.
func (s *scope) source() string {
	if lc, ok := lambdacontext.FromContext(s.Context); ok && lc.InvokedFunctionArn != "" {
		return lc.InvokedFunctionArn
	}
	return "urn:offload:" + cmp.Or(lambdacontext.FunctionName, "function")
}

// newEntry hands out entries from slabs that double in size. s.mu is held.
func (s *scope) newEntry() *entry {
	if len(s.slab) == 0 {
		if s.accepted == 0 {
			s.slab = s.firstSlab[:]
		} else {
			s.slab = make([]entry, min(2*s.accepted, slabEntries))
		}
	}
	e := &s.slab[0]
	s.slab = s.slab[1:]
	return e
}

// place puts an accepted entry where its link takes it. s.mu is held.
func (s *scope) place(e *entry) {
	switch {
	case s.off.chain[e.link].sender != nil:
		e.state.Store(leaving)
		s.outbox = append(s.outbox, e)
	case s.started || e.set.eager:
		s.ready = append(s.ready, e)
		s.addWorker()
	default:
		if s.held == nil {
			s.held = s.firstQueue[:0]
		}
		s.held = append(s.held, e)
	}
}

// post puts an entry that moved down the chain where its new link takes it.
func (s *scope) post(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off.chain[e.link].sender == nil {
		e.state.Store(queued)
	}
	s.place(e)
}

// Tail implementation for keepers.

// RequestID implements driver.Tail.
func (s *scope) RequestID() string { return s.requestID }

// Final implements driver.Tail.
func (s *scope) Final() bool { return s.final }

// Empty implements driver.Tail.
func (s *scope) Empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.empty()
}

func (s *scope) empty() bool {
	return s.workers == 0 && len(s.held) == 0 && s.next == len(s.ready) && len(s.outbox) == 0
}
