package lambdatest

import (
	"context"
	"sync"
	"time"
)

const (
	// initialSlots and slotPace are the scaling of the Developer Guide ("Configuring scaling behavior for SQS event source
	// mappings"): five concurrent batches when a queue becomes active; while messages are still available, up to 300 more a
	// minute. In which steps is not published: here it is one at a time.
	initialSlots = 5
	slotPace     = time.Minute / 300
	// leastSlots: an idle mapping may go down to two pollers.
	leastSlots = 2
)

// slots are the places for batches that the function has at a time. They become more at slotPace for as long as all are
// taken and the poller waits for one, however often one is freed and taken again in between; each failure takes one away.
// How fast AWS backs off is not published.
type slots struct {
	mu     sync.Mutex
	most   int
	limit  int
	taken  int
	waited time.Duration // for the next place to be added
	freed  chan struct{} // closed when a place becomes free
}

func newSlots(most int) *slots {
	return &slots{most: most, limit: min(initialSlots, most), freed: make(chan struct{})}
}

// acquire waits for a place.
func (s *slots) acquire(ctx context.Context) error {
	for ctx.Err() == nil {
		s.mu.Lock()
		if s.taken < s.limit {
			s.taken++
			s.mu.Unlock()
			return nil
		}
		freed, left := s.freed, slotPace-s.waited
		s.mu.Unlock()
		s.wait(ctx, freed, left)
	}
	return ctx.Err()
}

// wait waits until a place is freed or one is added, and counts the time.
func (s *slots) wait(ctx context.Context, freed <-chan struct{}, left time.Duration) {
	began := time.Now()
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-freed:
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waited += time.Since(began); s.waited >= slotPace {
		s.limit, s.waited = min(s.limit+1, s.most), 0
	}
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

// restart begins anew, as for a queue that becomes active. Places that are taken stay so.
func (s *slots) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit, s.waited = min(initialSlots, s.most), 0
}
