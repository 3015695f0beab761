package offload

// sendMeanwhile sends what leaves while tasks run here: a task that waited in memory for the
// end of a long tail would be lost with the process. What leaves while a batch is
// on its way goes with the next one. s.mu is held.
func (s *scope) sendMeanwhile() {
	busy := s.workers.Load() > 0 || s.next != nil
	if !s.started || s.closed || !busy || s.courier != nil {
		return // somebody else sends it
	}
	courier := make(chan struct{})
	s.courier = courier
	go func() {
		defer close(courier)
		s.mu.Lock()
		defer s.mu.Unlock()
		for len(s.outbox) > 0 && !s.closed {
			s.mu.Unlock()
			s.flushTail()
			s.mu.Lock()
		}
		s.courier = nil
	}()
}

// beginMove and endMove enclose the way of a task from one link of the chain to the next. A
// scope that is given up waits for those that have begun it: their task is neither here nor
// in the outbox.
func (s *scope) beginMove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moving++
}

func (s *scope) endMove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moving--
	if s.moving == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// awaitMoves waits for the tasks that are between two links. s.mu is held, and released meanwhile.
func (s *scope) awaitMoves() {
	for s.moving > 0 {
		s.awaitIdle() // unlocks
		s.mu.Lock()
	}
}
