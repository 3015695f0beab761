package lambdatest

import (
	"context"
	"sync"
	"time"
)

const (
	// initialSlots and slotPace are the scaling of the Developer Guide: five concurrent batches, 300 more each minute.
	initialSlots = 5
	slotPace     = 200 * time.Millisecond
	// leastSlots: an idle mapping may go down to two pollers.
	leastSlots = 2
)

// slots are the places for batches that the function has at a time. While all are taken, and the poller waits for one, they
// become more; each failure takes one away. How fast AWS backs off is not published.
type slots struct {
	mu    sync.Mutex
	most  int
	limit int
	taken int
	freed chan struct{} // closed when a place becomes free
}

func newSlots(most int) *slots {
	return &slots{most: most, limit: min(initialSlots, most), freed: make(chan struct{})}
}

// acquire waits for a place.
func (s *slots) acquire(ctx context.Context) error {
	timer := time.NewTimer(slotPace)
	defer timer.Stop()
	for ctx.Err() == nil {
		s.mu.Lock()
		if s.taken < s.limit {
			s.taken++
			s.mu.Unlock()
			return nil
		}
		freed := s.freed
		s.mu.Unlock()
		select {
		case <-freed:
		case <-timer.C:
			s.mu.Lock()
			s.limit = min(s.limit+1, s.most)
			s.mu.Unlock()
			timer.Reset(slotPace)
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// release gives a place back.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	close(s.freed)
	s.freed = make(chan struct{})
}

// backOff takes a place away.
func (s *slots) backOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = max(s.limit-1, min(leastSlots, s.most))
}
