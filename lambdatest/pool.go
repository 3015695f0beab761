package lambdatest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pool decides which environment takes a request: a warm one, one that is about to be free, a new one, or none (429).
//
// Locks: a sandbox's mutex may be held when the pool's is taken, never the other way round.
type pool struct {
	limit       int
	managed     bool
	settle      time.Duration
	idleTimeout time.Duration
	create      func() *environment

	mu      sync.Mutex
	envs    []*environment
	tickets []chan *environment // callers that wait for an environment to settle, in order
	open    int                 // invocations that are not over
	quiet   []chan struct{}     // closed when open becomes 0
	closed  bool
}

// acquire returns an environment with a slot reserved for the caller.
func (p *pool) acquire(ctx context.Context) (*environment, error) {
	var until time.Time
	p.mu.Lock()
	for {
		if p.closed {
			p.mu.Unlock()
			return nil, ErrClosed
		}
		if e := p.pick(); e != nil {
			p.take(e)
			p.mu.Unlock()
			return e, nil
		}
		now := time.Now()
		if until.IsZero() {
			until = now.Add(p.settle)
		}
		wait := min(p.settling(now), until.Sub(now))
		if wait <= 0 {
			break
		}
		ticket := make(chan *environment, 1)
		p.tickets = append(p.tickets, ticket)
		p.mu.Unlock()
		e, err := p.await(ctx, ticket, wait)
		if e != nil || err != nil {
			return e, err
		}
		p.mu.Lock()
	}
	defer p.mu.Unlock()
	if len(p.envs) >= p.limit {
		return nil, throttled()
	}
	e := p.create()
	e.free, e.reserved = 1, 1
	p.envs = append(p.envs, e)
	p.take(e)
	return e, nil
}

// await waits for its turn. Neither an environment nor an error: look again.
func (p *pool) await(ctx context.Context, ticket chan *environment, wait time.Duration) (*environment, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var err error
	select {
	case e := <-ticket:
		return e, nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.tickets, ticket); i >= 0 {
		p.tickets = slices.Delete(p.tickets, i, i+1)
		return nil, err
	}
	// Handed over, or the pool was closed, in the last moment.
	return <-ticket, nil
}

// settling returns how long it is worth waiting for an environment that has answered.
func (p *pool) settling(now time.Time) time.Duration {
	longest := time.Duration(0)
	for _, e := range p.envs {
		if at := e.answeredAt.Load(); at != 0 && (e.open > 0 || p.managed) && !e.retiring && !e.lost {
			longest = max(longest, p.settle-time.Duration(now.UnixNano()-at))
		}
	}
	return longest
}

// pick returns the environment with a free slot that was used last: the others get the chance to become idle. One
// that has to be initialised again comes after all that need not.
func (p *pool) pick() *environment {
	var best *environment
	for _, e := range p.envs {
		if e.free <= 0 || e.retiring || e.lost {
			continue
		}
		if best == nil || best.cold && !e.cold || best.cold == e.cold && e.usedAt.After(best.usedAt) {
			best = e
		}
	}
	return best
}

func (p *pool) take(e *environment) {
	e.free--
	e.open++
	if !p.managed { // there other workers may be about to settle
		e.answeredAt.Store(0)
	}
	p.open++
	if e.reaper != nil {
		e.reaper.Stop()
	}
}

// offer makes one slot of e available: to the first that waits (then it returns true), or to the next that comes.
func (p *pool) offer(e *environment) bool {
	e.free++
	if len(p.tickets) == 0 || e.retiring || e.lost {
		return false
	}
	ticket := p.tickets[0]
	p.tickets = p.tickets[1:]
	p.take(e)
	ticket <- e
	return true
}

// offerWorker makes a worker of a managed environment available, unless it is the one that the environment was created
// for.
func (p *pool) offerWorker(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.reserved > 0 {
		e.reserved--
		return
	}
	p.offer(e)
}

// leave ends an invocation's hold of a managed environment. Its worker offers itself when it asks for the next event.
func (p *pool) leave(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.open--
	e.usedAt = time.Now()
	p.watch(e)
}

// chill marks an environment whose sandbox died while it was idle.
func (p *pool) chill(e *environment) {
	p.mu.Lock()
	e.cold = true
	gone := e.lost && e.open == 0
	p.mu.Unlock()
	if gone {
		e.lose()
	}
}

// condemn keeps requests away from an environment that is not going to be initialised again.
func (p *pool) condemn(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.lost = true
}

// isLost tells whether the environment was killed and must not be started again.
func (p *pool) isLost(e *environment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return e.lost
}

// isClosed tells whether Close was called.
func (p *pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// withdraw takes a slot back: the worker that offered it is gone.
func (p *pool) withdraw(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.free = max(0, e.free-1)
}

// release ends an invocation's hold of a classic environment, and offers it to the next. The invocation counts as
// open until done is called: the freeze is still to come.
func (p *pool) release(e *environment, cold bool) (taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.open--
	e.cold = cold
	e.usedAt = time.Now()
	e.answeredAt.Store(0)
	if p.offer(e) {
		return true
	}
	p.watch(e)
	return false
}

// watch arms the idle reaper.
func (p *pool) watch(e *environment) {
	if p.idleTimeout <= 0 || e.open > 0 || e.retiring {
		return
	}
	if e.reaper == nil {
		e.reaper = time.AfterFunc(p.idleTimeout, func() { p.reap(e) })
		return
	}
	e.reaper.Reset(p.idleTimeout)
}

func (p *pool) reap(e *environment) {
	p.mu.Lock()
	idle := e.open == 0 && !e.retiring && !e.lost && time.Since(e.usedAt) >= p.idleTimeout
	e.retiring = e.retiring || idle
	p.mu.Unlock()
	if idle {
		e.retire()
	}
}

// done counts an invocation as over.
func (p *pool) done(e *environment) {
	p.mu.Lock()
	p.open--
	if p.open == 0 {
		for _, ch := range p.quiet {
			close(ch)
		}
		p.quiet = nil
	}
	finished, retire := e.open == 0 && e.lost, e.open == 0 && e.retiring
	p.mu.Unlock()
	switch {
	case finished:
		e.loseIfDead()
	case retire:
		go e.retire()
	}
}

// waitQuiet waits until no invocation is open.
func (p *pool) waitQuiet(ctx context.Context) error {
	p.mu.Lock()
	if p.open == 0 {
		p.mu.Unlock()
		return nil
	}
	ch := make(chan struct{})
	p.quiet = append(p.quiet, ch)
	p.mu.Unlock()
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// remove forgets an environment that is gone.
func (p *pool) remove(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.envs, e); i >= 0 {
		p.envs = slices.Delete(p.envs, i, i+1)
	}
	if e.reaper != nil {
		e.reaper.Stop()
	}
}

func (p *pool) list() []*environment {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.envs)
}

// shutdown retires every environment: the idle ones now, the others as soon as they are idle.
func (p *pool) shutdown(ctx context.Context) error {
	p.mu.Lock()
	envs := slices.Clone(p.envs)
	for _, e := range envs {
		if !e.retiring && e.open == 0 {
			go e.retire()
		}
		e.retiring = true
	}
	p.mu.Unlock()
	for _, e := range envs {
		select {
		case <-e.gone:
		case <-ctx.Done():
			p.kill(envs)
			for _, e := range envs {
				<-e.gone
			}
			return ctx.Err()
		}
	}
	return nil
}

// kill loses environments at once.
func (p *pool) kill(envs []*environment) {
	for _, e := range envs {
		p.mu.Lock()
		e.lost = true
		open := e.open
		p.mu.Unlock()
		if !e.kill() && open == 0 {
			e.lose() // nothing of it was alive
		}
	}
}

// close refuses further requests and kills everything, and returns when it is gone.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	tickets := p.tickets
	p.tickets = nil
	envs := slices.Clone(p.envs)
	p.mu.Unlock()
	for _, ticket := range tickets {
		ticket <- nil
	}
	p.kill(envs)
	for _, e := range envs {
		<-e.gone
	}
}
