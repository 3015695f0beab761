package offload

import (
	"fmt"
	"time"
)

// Run implements driver.Tail. The tail has a goroutine of its own, which can be left to a
// task that ignores the end of its context: the caller comes back all the same.
func (s *scope) Run() {
	s.mu.Lock()
	if s.skips() {
		s.conclude() // unlocks
		return
	}
	s.runApart() // unlocks
}

// runApart is Run for a tail that has something to do. s.mu is held, and released.
func (s *scope) runApart() {
	begins := s.begin()
	s.mu.Unlock()
	if begins {
		go s.runTail()
	}
	<-s.over()
}

// RunHere implements driver.Tail.
func (s *scope) RunHere() {
	s.mu.Lock()
	if s.skips() {
		s.conclude() // unlocks
		return
	}
	if !s.loan.CompareAndSwap(offered, lent) {
		s.runApart() // unlocks
		return
	}
	returned := false
	defer func() { s.returnLoop(returned) }()
	if s.begin() {
		s.tend() // unlocks
	} else {
		s.mu.Unlock()
		<-s.over()
	}
	returned = true
}

// skips begins a tail that has nothing to do: it can be concluded on the calling goroutine, for no task can keep that.
// It reports false if there is something, or the tail was begun before. s.mu is held.
func (s *scope) skips() bool {
	if s.started || s.closed || s.moving > 0 || s.sending > 0 || !s.empty() || s.off.opts.tailEnd != nil {
		return false
	}
	s.started = true
	return true
}

// begin makes the held tasks ready. It reports false if the tail was begun before. s.mu is held.
func (s *scope) begin() bool {
	if s.started {
		return false
	}
	s.started = true
	if s.held.first != nil {
		if s.next == nil {
			s.next = s.held.first
		}
		s.ready.join(&s.held)
	}
	if s.next != nil && s.tail.ended(s.start) != nil {
		s.tail.end(ErrDeadline) // nothing will start any more, so nothing needs to be watched
	}
	// What a sender refuses may come to run here.
	if s.workers.Load() > 0 || len(s.outbox) > 0 || s.sending > 0 || s.next != nil && !s.tail.over.Load() {
		s.off.watch.arm(s)
	}
	if len(s.outbox) > 0 {
		s.off.opts.crossing.sendMeanwhile(s)
	}
	return true
}

// runTail is tend on a goroutine of its own.
func (s *scope) runTail() {
	s.mu.Lock()
	s.tend() // unlocks
}

// tend runs what waits here, sends what leaves, and returns when every task has its
// terminal event. s.mu is held, and released.
//
// Its goroutine is the first worker. Tasks that do nothing much are done before a second one is
// worth a goroutine; where they take longer, the watchdog brings more.
func (s *scope) tend() {
	returned := false
	defer func() {
		if !returned { // a task ended this goroutine
			go func() {
				s.runTail()
				s.replaceLoop()
			}()
		}
	}()
	s.working = false // it may still say so of a goroutine that was ended
	for {
		if s.next != nil && int(s.workers.Load()) < s.off.opts.concurrency {
			s.workers.Add(1)
			s.working = true
			s.work()
			s.working = false
		}
		// Closed here means that the scope is being given up: what leaves is still on its way.
		for (s.workers.Load() > 0 || s.sending > 0 || s.closed) && !s.abandoned {
			s.awaitIdle() // unlocks
			s.mu.Lock()
		}
		if !s.leaves() {
			break
		}
		s.off.opts.crossing.sendRest(s)
	}
	s.conclude() // unlocks
	returned = true
}

// addWorker starts one more worker unless the limit is reached. s.mu is held.
func (s *scope) addWorker() {
	if int(s.workers.Load()) < s.off.opts.concurrency {
		s.workers.Add(1)
		go s.workApart()
	}
}

// workApart is work on a goroutine of its own.
func (s *scope) workApart() {
	s.mu.Lock()
	s.work()
	s.mu.Unlock()
}

// work runs ready tasks until there are none. s.mu is held, and released while a task runs.
//
// Workers go along the same list, and whoever begins a task has it: that is one atomic operation, where taking
// tasks out of the list would be a lock more for each.
func (s *scope) work() {
	var current *entry
	defer func() {
		if current != nil { // the task ended this goroutine
			current.leave(running, Failed, ErrGoexit)
			go s.workApart()
		}
	}()
	for e := s.next; e != nil; e = e.after {
		last := s.ready.last // up to here nobody writes a link any more
		s.mu.Unlock()
		for {
			current = e
			e.execute()
			current = nil
			if e == last {
				break
			}
			e = e.after
		}
		s.mu.Lock()
	}
	s.next = nil
	if s.workers.Add(-1) == 0 {
		s.wakeIdle()
	}
}

// execute runs one task to its end, or sends it down the chain.
func (e *entry) execute() {
	if e.state() != queued {
		return // another worker has it, or it was given up while it waited
	}
	if e.scope.tail.over.Load() {
		e.leave(queued, Dropped, e.scope.tail.ended(e.scope.start))
		return
	}
	if !e.begin() {
		return
	}
	if e.scope.off.pub.timed {
		e.firstRun.Store(int64(max(time.Since(e.scope.start), 1)))
	}
	err := e.try()
	if err == nil {
		e.end(running, Done, nil)
		return
	}
	if reason := e.scope.tail.ended(e.scope.start); reason != nil && !permanent(err) {
		e.leave(running, Dropped, fmt.Errorf("%w: %w", reason, err))
		return
	}
	e.leave(running, Failed, err)
}

// awaitIdle waits until no worker is left, no task is between two links, nothing is being sent, or the scope
// was abandoned: for the next of these. s.mu is held, and released.
func (s *scope) awaitIdle() {
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	<-idle
}

// wakeIdle wakes who waits in awaitIdle. s.mu is held.
func (s *scope) wakeIdle() {
	if s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// giveUp ends everything that waits or runs here, for reason: it goes down the
// chain, or is dropped. Tasks that still run are cancelled; what they do from
// here on is not waited for. No further task is accepted.
func (s *scope) giveUp(reason error) {
	s.tail.end(reason)
	s.mu.Lock()
	s.closed = true
	waiting := s.held
	s.held = queue{}
	taken := s.ready.first
	s.next = nil
	s.mu.Unlock()
	for e := waiting.first; e != nil; e = e.after {
		e.leave(queued, Dropped, reason)
	}
	for e := taken; e != nil; e = e.after {
		e.leave(queued, Dropped, reason)
		e.leave(running, Dropped, fmt.Errorf("%w: the task did not return in time", reason))
	}
}

// conclude is the end of the tail, once: a goroutine that comes late waits for it. s.mu is
// held, and released.
func (s *scope) conclude() {
	if s.concluding {
		s.mu.Unlock()
		<-s.over()
		return
	}
	s.concluding = true
	if end := s.off.opts.tailEnd; end != nil {
		end.finish(s)
	}
	s.finish() // unlocks
}

// finish closes the scope and lets go of its context. s.mu is held, and released.
func (s *scope) finish() {
	s.closed = true
	s.tail.finish()
	s.off.ledger.remove(s)
	if s.off.freezes && len(s.off.opts.thaw) > 0 {
		s.off.idleSince.Store(time.Now().UnixNano())
	}
	// Last, for whoever waits asks for the next event, and this goroutine may be frozen.
	s.finished = true
	if s.done != nil {
		close(s.done)
	}
	s.mu.Unlock()
}

// over gives a channel that is closed when the tail has ended.
func (s *scope) over() <-chan struct{} {
	s.mu.Lock()
	if s.done == nil {
		s.done = make(chan struct{})
		if s.finished {
			close(s.done)
		}
	}
	s.mu.Unlock()
	return s.done
}
