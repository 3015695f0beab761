package offload

import (
	"context"
	"sync"

	"github.com/go-offload/lambda/offload/driver"
)

// crossing is the half of this package that lets tasks leave the process and arrive
// from others: envelopes, batches, the worker. It is an interface for the sake of programs
// that link neither a sender nor a worker: the linker leaves out what only remote refers to.
type crossing interface {
	// complete fills in what code left open, from the environment, the strategies and the defaults.
	complete(o *options, strategies []driver.Strategy) error
	fits(l *link, e *entry) error
	flush(ctx context.Context, s *scope) error
	dispatch(o *offloader, handle eventHandler) eventHandler
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

func (*remote) fits(l *link, e *entry) error { return l.fits(e) }

func (*remote) flush(ctx context.Context, s *scope) error { return s.flush(ctx) }

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
	defer crossings.Unlock()
	return crossings.byName[name]
}

// sendAll sends what is in the outbox. The error tells of tasks that nobody took.
func (s *scope) sendAll(ctx context.Context) error {
	if s.off.opts.crossing == nil {
		return nil // no link of the chain puts anything there
	}
	return s.off.opts.crossing.flush(ctx, s)
}
