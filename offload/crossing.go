package offload

import (
	"context"
	"sync"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// crossing is the half of this package that lets tasks leave the process and arrive
// from others: envelopes, batches, the worker. It is an interface for the sake of programs
// that link neither a sender nor a worker: the linker leaves out what only remote refers to.
type crossing interface {
	// complete fills in what code left open, from the environment, the strategies and the defaults.
	complete(o *options, strategies []driver.Strategy) error

	// measure takes the limits of a sender that was opened.
	measure(l *link) error

	// dispatch gives what deals with events: with tasks itself, and otherwise with handle.
	dispatch(o *offloader, handle eventHandler) eventHandler

	// outgoing makes what a task needs to leave.
	outgoing(ctx context.Context, o *offloader, task Task) (*outgoing, error)

	// route gives the first link from onwards that takes the task.
	route(e *entry, from int) (int, error)

	// leave is entry.leave.
	leave(e *entry, from entryState, kind EventKind, reason error)

	// mail puts a task at a sender into the outbox. s.mu is held.
	mail(s *scope, e *entry)

	// withdraw takes tasks out of the outbox. s.mu is held.
	withdraw(s *scope, unwanted func(*entry) bool) []*entry

	// handOff sends what is in the outbox before the response, unless that was moved to the tail.
	handOff(s *scope) error

	// sendMeanwhile sends it while tasks run here. s.mu is held.
	sendMeanwhile(s *scope)

	// sendRest sends what is left of it when they have run, or waits for who does. s.mu is
	// held, and released meanwhile.
	sendRest(s *scope)

	// hurry sends it by a time, for a scope that is given up. s.mu is held, and released meanwhile.
	hurry(s *scope, by time.Time)
}

// remote is the only crossing. What concerns nothing else is in its fields and not in options, for the
// linker keeps a field's type, and may keep all methods of that.
type remote struct {
	keys        *driver.Keys        // nil: no signing
	redelivery  *redelivery         // nil: the default
	visibility  *visibility         // nil if no strategy can change it
	deadLetters driver.DeadLetterer // nil if no strategy has a place for them
}

// remote gives the crossing, for those who cannot do without. Whoever calls it links it.
func (o *options) remote() *remote {
	r, ok := o.crossing.(*remote)
	if !ok {
		r = &remote{}
		o.crossing = r
	}
	return r
}

func (r *remote) complete(o *options, strategies []driver.Strategy) error {
	if err := o.completeHandOff(); err != nil {
		return err
	}
	for _, s := range strategies {
		if c, ok := s.(driver.VisibilityChanger); ok && r.visibility == nil {
			r.visibility = &visibility{changer: c, log: o.logger}
		}
		if d, ok := s.(driver.DeadLetterer); ok && r.deadLetters == nil {
			r.deadLetters = d
		}
	}
	if err := r.completeKeys(o.getenv); err != nil {
		return err
	}
	return r.completeRedelivery()
}

func (*remote) dispatch(o *offloader, handle eventHandler) eventHandler {
	return o.dispatch(handle)
}

// crossings has what RegisterSender links, for each sender. It is a part of the registry of strategies.
var crossings = struct {
	sync.Mutex
	byName map[string]func(*options)
}{byName: map[string]func(*options){}}

// RegisterSender makes a sender selectable by name, as [driver.Register] does for
// strategies that keep the environment awake, and under the same rules. It is meant for init functions.
// Programs that link no sender do without what it needs of this package.
func RegisterSender(name string, construct func() driver.Sender) {
	if construct == nil {
		driver.Register(name, nil) // panics, and says why
	}
	driver.Register(name, func() driver.Strategy { return construct() })
	crossings.Lock()
	defer crossings.Unlock()
	crossings.byName[name] = func(o *options) { o.remote() }
}

// crossingOf gives what a sender of the name came with: it adds the crossing. It is nil if there is none.
func crossingOf(name string) func(*options) {
	crossings.Lock()
	add := crossings.byName[name]
	crossings.Unlock()
	return add
}
