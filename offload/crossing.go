package offload

import (
	"context"
	"sync"

	"github.com/go-offload/lambda/offload/driver"
)

// crossing is the half of this package that lets tasks leave the process and arrive
// from others: envelopes, batches, the worker. It is an interface for the sake of programs
// that link neither a sender nor a worker: the linker leaves out what only remote refers to,
// about 150 kB.
type crossing interface {
	complete(o *options) error
	fits(l *link, e *entry) error
	flush(ctx context.Context, s *scope) error
	dispatch(o *offloader, event []byte, handle eventHandler) handlerFunc
}

// remote is the only crossing.
type remote struct{}

func (remote) complete(o *options) error {
	if err := o.completeKeys(); err != nil {
		return err
	}
	return o.completeRedelivery()
}

func (remote) fits(l *link, e *entry) error { return l.fits(e) }

func (remote) flush(ctx context.Context, s *scope) error { return s.flush(ctx) }

func (remote) dispatch(o *offloader, event []byte, handle eventHandler) handlerFunc {
	return o.dispatch(event, handle)
}

// crossings has what RegisterSender links, for each sender. It is a part of the registry of strategies.
var crossings = struct {
	sync.Mutex
	byName map[string]crossing
}{byName: map[string]crossing{}}

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
	crossings.byName[name] = remote{}
}

// crossingOf gives the crossing that came with a sender, or nil.
func crossingOf(name string) crossing {
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
