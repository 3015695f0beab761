package offload

import (
	"context"
	"slices"
	"time"
)

// courier sends what leaves while a tail is under way. A tail has one at a time: what leaves while a batch is
// on its way goes with the next one.
type courier struct {
	back chan struct{} // closed when it has sent everything, or the scope is given up
	stop context.CancelFunc
}

// hire gives the tail a courier, who has ctx. s.mu is held.
func (s *scope) hire() (ctx context.Context, c *courier) {
	ctx, stop := s.until(s.flushBy())
	s.courier = &courier{back: make(chan struct{}), stop: stop}
	return ctx, s.courier
}

// deliver sends what is in the outbox, and what gets there meanwhile. s.mu is held, and released meanwhile.
func (s *scope) deliver(ctx context.Context, c *courier) {
	for len(s.outbox) > 0 && !s.closed {
		s.mu.Unlock()
		_ = s.flush(ctx) // nobody waits for the error; every task it names has its event
		s.mu.Lock()
	}
	s.courier = nil
	c.stop()
	close(c.back)
}

// recall waits for the courier, and hurries it when ctx ends.
func (c *courier) recall(ctx context.Context) {
	defer context.AfterFunc(ctx, c.stop)()
	<-c.back
}

func (r *remote) mail(s *scope, e *entry) {
	e.put(leaving)
	s.outbox = append(s.outbox, e)
	r.sendMeanwhile(s)
}

func (*remote) withdraw(s *scope, unwanted func(*entry) bool) (withdrawn []*entry) {
	s.outbox, withdrawn = part(s.outbox, unwanted)
	return withdrawn
}

// part takes entries out of a list, which it reuses for the rest.
func part(entries []*entry, out func(*entry) bool) (rest, taken []*entry) {
	rest = slices.DeleteFunc(entries, func(e *entry) bool {
		takes := out(e)
		if takes {
			taken = append(taken, e)
		}
		return takes
	})
	return rest, taken
}

// sendMeanwhile is there because a task that waited in memory for the end of a long tail would
// be lost with the process.
func (*remote) sendMeanwhile(s *scope) {
	busy := s.workers.Load() > 0 || s.next != nil
	if !s.started || s.closed || !busy || s.courier != nil {
		return // somebody else sends it
	}
	ctx, courier := s.hire()
	go func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.deliver(ctx, courier)
	}()
}

func (*remote) sendRest(s *scope) {
	courier := s.courier
	if courier == nil {
		s.deliver(s.hire())
		return
	}
	s.mu.Unlock()
	<-courier.back
	s.mu.Lock()
}

func (*remote) hurry(s *scope, by time.Time) {
	courier := s.courier
	s.mu.Unlock()
	ctx, cancel := s.until(by)
	_ = s.flush(ctx) // every task it could not send has its event
	if courier != nil {
		courier.recall(ctx)
	}
	cancel()
	s.mu.Lock()
}

// beginMove and endMove enclose the way of a task from one link of the chain to the next. A
// scope that is given up waits for those that have begun it: their task is neither here nor
// in the outbox.
func (s *scope) beginMove() {
	s.mu.Lock()
	s.moving++
	s.mu.Unlock()
}

func (s *scope) endMove() {
	s.mu.Lock()
	s.moving--
	if s.moving == 0 {
		s.wakeIdle()
	}
	s.mu.Unlock()
}

// awaitMoves waits for the tasks that are between two links. s.mu is held, and released meanwhile.
func (s *scope) awaitMoves() {
	for s.moving > 0 {
		s.awaitIdle() // unlocks
		s.mu.Lock()
	}
}
