package offload

import (
	"context"
	"fmt"
	"time"
)

// Run implements driver.Tail: it runs what waits here, sends what leaves, and
// returns when every task has its terminal event.
//
// One worker begins. Tasks that do nothing much are done before a second one is
// worth a goroutine; where they take longer, the watchdog brings more. The caller is
// not a worker, although that would be cheaper: a task that ignores the end of
// its context would keep it past the deadline, and Lambda would reset the environment.
func (s *scope) Run() {
	s.mu.Lock()
	if s.started {
		s.awaitFinish() // unlocks
		return
	}
	s.started = true
	if s.tail.ended(time.Since(s.start)) != nil {
		s.tail.end(ErrDeadline)
	}
	s.off.watch.arm()
	for {
		s.release()
		if s.next < len(s.ready) {
			s.workers.Add(1)
			go s.work()
		}
		// Closed here means that the scope is being given up: what leaves is still on its way.
		for (s.workers.Load() > 0 || s.closed) && !s.abandoned {
			s.awaitIdle() // unlocks
			s.mu.Lock()
		}
		if len(s.outbox) == 0 {
			break
		}
		s.mu.Unlock()
		s.flushTail()
		s.mu.Lock()
	}
	if end := s.off.opts.tailEnd; end != nil {
		end.finish(s)
	}
	s.finish() // unlocks
}

// release lets the held tasks run. s.mu is held.
func (s *scope) release() {
	if len(s.held) == 0 {
		return
	}
	if len(s.ready) == 0 {
		s.ready = s.held
	} else {
		s.ready = append(s.ready, s.held...)
	}
	s.held = nil
}

// addWorker starts one more worker unless the limit is reached. s.mu is held.
func (s *scope) addWorker() {
	if int(s.workers.Load()) < s.off.opts.concurrency {
		s.workers.Add(1)
		go s.work()
	}
}

// work runs ready tasks until there are none.
func (s *scope) work() {
	var current *entry
	defer func() {
		if current != nil { // the task ended this goroutine
			current.leave(running, Failed, ErrGoexit)
			go s.work()
		}
	}()
	s.mu.Lock()
	for s.next < len(s.ready) {
		e := s.ready[s.next]
		s.next++
		s.mu.Unlock()
		current = e
		e.execute()
		current = nil
		s.mu.Lock()
	}
	if s.workers.Add(-1) == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
	s.mu.Unlock()
}

// execute runs one task to its end, or sends it down the chain.
func (e *entry) execute() {
	if e.scope.tail.over.Load() {
		e.leave(queued, Dropped, e.scope.tail.ended(0))
		return
	}
	if !e.state.CompareAndSwap(queued, running) {
		return // given up while it waited
	}
	if e.scope.off.pub.timed {
		e.firstRun.Store(int64(max(time.Since(e.scope.start), 1)))
	}
	err := e.try()
	if err == nil {
		e.end(running, Done, nil)
		return
	}
	if reason := e.scope.tail.ended(time.Since(e.scope.start)); reason != nil && !permanent(err) {
		e.leave(running, Dropped, fmt.Errorf("%w: %w", reason, err))
		return
	}
	e.leave(running, Failed, err)
}

// awaitIdle waits until no worker is left, or the scope was abandoned. s.mu is
// held, and released.
func (s *scope) awaitIdle() {
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	<-idle
}

// giveUp ends everything that waits or runs here, for reason: it goes down the
// chain, or is dropped. Tasks that still run are cancelled; what they do from
// here on is not waited for. No further task is accepted.
func (s *scope) giveUp(reason error) {
	s.tail.end(reason)
	s.mu.Lock()
	s.closed = true
	waiting := s.held
	s.held = nil
	taken := s.ready
	s.next = len(s.ready)
	s.mu.Unlock()
	for _, e := range waiting {
		e.leave(queued, Dropped, reason)
	}
	for _, e := range taken {
		e.leave(queued, Dropped, reason)
		e.leave(running, Dropped, fmt.Errorf("%w: the task did not return in time", reason))
	}
}

// finish closes the scope and lets go of its context. s.mu is held, and released.
func (s *scope) finish() {
	s.closed = true
	s.finished = true
	if s.done != nil {
		close(s.done)
	}
	s.mu.Unlock()
	s.tail.end(context.Canceled)
	s.off.ledger.remove(s)
	if s.off.freezes && s.off.holdsConnections() {
		s.off.idleSince.Store(time.Now().UnixNano())
	}
}

// awaitFinish waits for the first call of Run. s.mu is held, and released.
func (s *scope) awaitFinish() {
	done := s.doneSignal()
	s.mu.Unlock()
	<-done
}

// doneSignal gives a channel that is closed when the tail has ended. s.mu is held.
func (s *scope) doneSignal() <-chan struct{} {
	if s.done == nil {
		s.done = make(chan struct{})
		if s.finished {
			close(s.done)
		}
	}
	return s.done
}
