package offload

import (
	"context"
	"errors"
	"sync"
	"time"
)

// shutdownGrace is how long tasks get after a SIGTERM to notice that their context
// has ended. With an internal extension Lambda gives the process 500 ms in all,
// with an external one 300 ms (Lambda Developer Guide, "Shutdown phase"); the
// rest is for handing over and for writing log lines.
const shutdownGrace = 150 * time.Millisecond

// ledger knows the invocations whose tasks have not all met their end. It is how
// a loss becomes visible: what is still in it when the environment shuts down, or
// when the next invocation begins, was not finished in time.
type ledger struct {
	_      incomparable
	mu     sync.Mutex
	newest *scope
}

// add enters a scope.
func (l *ledger) add(s *scope) {
	l.mu.Lock()
	s.older = l.newest
	if s.older != nil {
		s.older.newer = s
	}
	l.newest = s
	l.mu.Unlock()
}

// remove takes a finished scope out. Removing it twice does no harm.
func (l *ledger) remove(s *scope) {
	l.mu.Lock()
	if s.newer != nil {
		s.newer.older = s.older
	} else if l.newest == s {
		l.newest = s.older
	}
	if s.older != nil {
		s.older.newer = s.newer
	}
	s.older, s.newer = nil, nil
	l.mu.Unlock()
}

// open lists the unfinished scopes, the newest first.
func (l *ledger) open() []*scope {
	var open []*scope
	l.mu.Lock()
	for s := l.newest; s != nil; s = s.older {
		open = append(open, s)
	}
	l.mu.Unlock()
	return open
}

// settleMissed ends what earlier invocations left, now that another one begins in
// an environment that serves one at a time: the environment was frozen under their
// tails. Their time is over, so their tasks go down the chain or are dropped.
func (o *offloader) settleMissed() {
	for _, s := range o.ledger.open() {
		s.abandon(ErrMissed)
	}
}

// shutdown deals with everything unfinished when SIGTERM announces the end.
func (o *offloader) shutdown() {
	open := o.ledger.open()
	for _, s := range open {
		s.tail.end(ErrShutdown)
	}
	var all sync.WaitGroup
	for _, s := range open {
		all.Go(func() {
			if !s.finishedWithin(shutdownGrace) {
				s.abandon(ErrShutdown)
			}
		})
	}
	all.Wait()
	if end := o.opts.tailEnd; end != nil {
		ctx, cancel := context.WithTimeout(o.opts.base(), shutdownGrace) // SIGKILL is near
		defer cancel()
		end.shutdown(ctx, o)
	}
}

// abandon ends a scope from outside, whatever its tail is doing, and lets go of a
// Run that waits for workers.
func (s *scope) abandon(reason error) {
	s.giveUp(reason)
	by := s.flushBy()
	if !errors.Is(reason, ErrDeadline) { // SIGKILL follows a SIGTERM soon; after a freeze the deadline is long past
		by = time.Now().Add(shutdownGrace)
	}
	s.mu.Lock()
	for s.awaitMoves(); s.leaves(); s.awaitMoves() {
		s.off.opts.crossing.hurry(s, by)
	}
	s.abandoned = true
	s.wakeIdle()
	if !s.working { // runTail concludes, once it has sent what it is sending; or it never began
		s.mu.Unlock()
		s.off.ledger.remove(s)
		return
	}
	s.conclude() // unlocks; the task that keeps runTail may never return
	s.replaceLoop()
}

// finishedWithin waits for the tail to end.
func (s *scope) finishedWithin(d time.Duration) bool {
	select {
	case <-s.over():
		return true
	case <-time.After(d):
		return false
	}
}
