package offload

import (
	"context"
	"errors"
	"io"

	"github.com/go-offload/lambda/offload/driver"
)

// processConcurrency stands for how many calls a process serves at once, where nobody limits it: senders size
// their connection pools by it.
const processConcurrency = 64

// Process runs handlers outside Lambda, in a container or on a laptop, with the same [After]. Nothing freezes there, so
// tasks for this process run in it whatever strategy of the chain would keep a Lambda environment awake; senders
// of the chain send as they do on Lambda. If no strategy is selected, all tasks run here.
//
// Its methods may be called concurrently. Package offloadhttp has an HTTP server that is built on it.
type Process struct {
	off *offloader
}

// NewProcess opens the senders of the chain. Options that concern aws-lambda-go have no effect.
func NewProcess(opts ...Option) (*Process, error) {
	off, err := newOffloader(context.Background(), append(opts[:len(opts):len(opts)], outsideLambda))
	if err != nil {
		return nil, err
	}
	return &Process{off: off}, nil
}

func outsideLambda(o *options) { o.process = withoutLambda }

// Do calls handler with a context that takes tasks, and hands those for senders off. Then handler's response is
// due, and after it the tail: Do's caller calls tail when the response is out. It runs the tasks that were deferred
// to this process and returns when each of them has met its end; calling it again does nothing.
//
// An error is handler's own, or says that tasks could not be handed off: then the response should not be a success.
// tail is to be called all the same, for tasks are kept when a handler fails, except for those with OnlyOnSuccess.
// If handler panics, so does Do, and the tail runs in a goroutine.
//
// ctx bounds the handler. If it has a deadline, tasks must be done before it, as on Lambda, less a margin (see
// [WithMargin]); its cancellation does not concern them.
func (p *Process) Do(ctx context.Context, handler func(ctx context.Context) error) (tail func(), err error) {
	s := p.off.begin(ctx)
	returned := false
	defer func() {
		if err == nil && returned {
			return
		}
		s.dropOnlyOnSuccess(nil)
		_ = s.handOff() // the handler's own error is the one to report; the tasks have their events
		if !returned {
			go s.keep()
		}
	}()
	if err = handler(s); err == nil {
		err = s.handOff()
	}
	returned = true
	return s.keep, err
}

// Shutdown waits for all tails to end, and closes the strategies. If ctx ends before, the context of what still
// runs is cancelled, with ErrShutdown as its cause; what does not return soon after goes down the chain or is dropped,
// and Shutdown's error wraps the context's. Calls of Do should have returned before: their tails are waited for although
// they have not begun.
func (p *Process) Shutdown(ctx context.Context) error {
	for _, s := range p.off.ledger.open() {
		select {
		case <-s.over():
		case <-ctx.Done():
			p.off.shutdown()
			return errors.Join(context.Cause(ctx), p.close())
		}
	}
	if end := p.off.opts.tailEnd; end != nil {
		end.shutdown(ctx, p.off)
	}
	return p.close()
}

// close closes the strategies that want it.
func (p *Process) close() error {
	var errs []error
	for _, l := range p.off.chain {
		if c, ok := l.sender.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// inProcess takes the place of strategies that keep a Lambda environment awake where nothing goes to sleep.
type inProcess struct{}

func (inProcess) Name() string                           { return "process" }
func (inProcess) Open(context.Context, driver.Env) error { return nil }
func (inProcess) Keep(tail driver.Tail)                  { tail.Run() }

// withoutLambda replaces the keepers of a chain.
func withoutLambda(chain []driver.Strategy) []driver.Strategy {
	out := make([]driver.Strategy, 0, max(len(chain), 1))
	for _, s := range chain {
		if _, ok := s.(driver.Keeper); ok {
			s = inProcess{}
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		out = append(out, inProcess{})
	}
	return out
}
