package offload

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
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
	id        scopeID
	start     time.Time
	tail      tailContext
	hard      time.Time  // when unfinished tasks are given up; zero: never
	flushBy   time.Time  // when sending ends; zero: never
	final     bool       // the process may exit after Keep
	kept      sync.Once  // Keep was called
	missed    bool       // the keeper was told that the invocation did not reach the handler
	settling  sync.Mutex // held while what deliveries have deferred is sent

	older, newer *scope // in the ledger

	mu        sync.Mutex
	accepted  int // tasks that count towards WithMaxTasks
	numbered  int // entries given out
	held      []*entry
	ready     []*entry
	next      int // of ready: those before it have been given to workers
	outbox    []*entry
	workers   atomic.Int32  // changes under mu
	started   bool          // Run was called, held tasks may run
	closed    bool          // no further task is accepted
	abandoned bool          // given up: workers are not waited for
	finished  bool          // Run is done
	idle      chan struct{} // closed when workers reaches 0; nil if nobody waits
	done      chan struct{} // closed when finished; nil if nobody waits

	slab       []entry // entries not yet given out
	firstSlab  [1]entry
	firstQueue [2]*entry
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
	if s.off.works() || s.off.pub.wants(Accepted) || s.off.tracer != nil || set.delay > 0 {
		return s.acceptChecked(ctx, task, set)
	}
	// The chain is one keeper, which takes everything.
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.newEntry(ctx, task, set)
	if err == nil {
		s.place(e)
	}
	return err
}

// acceptChecked accepts a task that some strategy may refuse, or that an observer
// wants to hear of.
func (s *scope) acceptChecked(ctx context.Context, task Task, set *settings) error {
	var out *outgoing
	if s.off.works() || s.off.tracer != nil {
		out = &outgoing{origin: originOf(ctx)}
		if s.off.sends && task.def != nil {
			var err error
			if out.data, err = task.encodeInput(); err != nil {
				return err
			}
		}
	}
	s.mu.Lock()
	e, err := s.newEntry(ctx, task, set)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	e.out = out
	link, err := s.off.route(e, 0)
	if err == nil {
		e.link.Store(int32(link)) //nolint:gosec // a chain has a handful of links
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

// newEntry gives a task its place in the books. Entries come from slabs that
// double in size. s.mu is held.
func (s *scope) newEntry(ctx context.Context, task Task, set *settings) (*entry, error) {
	if s.closed {
		return nil, ErrClosed
	}
	if s.accepted >= s.off.opts.maxTasks {
		return nil, fmt.Errorf("%w: %d tasks are deferred already; raise WithMaxTasks or put several items into one task", ErrTooManyTasks, s.off.opts.maxTasks)
	}
	if len(s.slab) == 0 {
		if s.numbered == 0 {
			s.slab = s.firstSlab[:]
		} else {
			s.slab = make([]entry, min(max(15, s.numbered), slabEntries))
		}
	}
	e := &s.slab[0]
	s.slab = s.slab[1:]
	s.accepted++
	s.numbered++
	e.scope, e.task, e.set = s, task, set
	e.number = int32(s.numbered) //nolint:gosec // WithMaxTasks keeps it small
	e.accepted = time.Since(s.start)
	if ctx != s {
		e.values = context.WithoutCancel(ctx)
	}
	return e, nil
}

// source names the function in envelopes.
func (s *scope) source() string {
	if lc, ok := lambdacontext.FromContext(s.Context); ok && lc.InvokedFunctionArn != "" {
		return lc.InvokedFunctionArn
	}
	return "urn:offload:" + cmp.Or(lambdacontext.FunctionName, "function")
}

// place puts an accepted entry where its link takes it. s.mu is held.
func (s *scope) place(e *entry) {
	switch {
	case s.off.chain[e.link.Load()].sender != nil:
		e.state.Store(leaving)
		s.outbox = append(s.outbox, e)
	case s.started || e.set.eager:
		s.ready = append(s.ready, e)
		s.addWorker()
	default:
		switch len(s.held) {
		case 0:
			s.held = s.firstQueue[:0]
		case len(s.firstQueue):
			s.held = slices.Grow(s.held, 14)
		}
		s.held = append(s.held, e)
	}
}

// post puts an entry that moved down the chain where its new link takes it. It
// reports false if nobody will look there any more, because the scope was given up.
func (s *scope) post(e *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sends := s.off.chain[e.link.Load()].sender != nil
	if s.abandoned || s.closed && !sends {
		return false
	}
	if !sends {
		e.state.Store(queued)
	}
	s.place(e)
	return true
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
	return s.empty() && s.off.opts.tailEnd == nil
}

func (s *scope) empty() bool {
	return s.workers.Load() == 0 && len(s.held) == 0 && s.next == len(s.ready) && len(s.outbox) == 0
}
