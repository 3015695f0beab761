package sqstest

import (
	"context"
	"time"
)

// now is the server's time: the process's clock and what Advance added. Callers hold s.mu.
func (s *Server) now() time.Time { return time.Now().Add(s.ahead) }

// Advance moves the server's clock forward by d, on top of the time that passes
// anyway. Visibility timeouts, delays, deduplication intervals and retention periods
// that end within d end now, long polls that were to end return, and message move
// tasks catch up. Non-positive values do nothing. It does not move the clock of the
// client: an SDK still waits out its retry backoff.
func (s *Server) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	now := s.now()
	for _, q := range s.queues {
		q.settle(now)
		s.notify(q)
	}
}

// notify wakes the long polls of q, which look again and find how long to wait, and
// the calls of Queue.Wait. Callers hold s.mu.
func (s *Server) notify(q *queue) {
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
	s.notifyWaiters()
}

// notifyWaiters wakes the calls of Queue.Wait only. Callers hold s.mu.
func (s *Server) notifyWaiters() {
	if s.wake != nil {
		close(s.wake)
		s.wake = nil
	}
}

// waitChan returns a channel that the next notify closes. Callers hold s.mu.
func waitChan(c *chan struct{}) <-chan struct{} {
	if *c == nil {
		*c = make(chan struct{})
	}
	return *c
}

// pause waits for d unless the caller or the server goes away first.
func (s *Server) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-s.closing:
	}
}
