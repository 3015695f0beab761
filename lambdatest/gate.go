package lambdatest

import (
	"context"
	"sync"
)

// gate counts what is under way and lets callers wait until nothing is. The zero value is ready for use.
type gate struct {
	mu    sync.Mutex
	count int
	empty chan struct{} // closed when count becomes 0; nil if nobody waits
}

func (g *gate) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count--
	if g.count == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

func (g *gate) wait(ctx context.Context) error {
	g.mu.Lock()
	if g.count == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	g.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
