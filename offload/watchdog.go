package offload

import (
	"sync"
	"sync/atomic"
	"time"
)

// soloTime is how long the first worker of a tail may be alone: tasks that wait for
// a network begin at most that much later, which is less than the millisecond that is
// billed; tasks that do not wait never pay for a second goroutine.
const soloTime = 200 * time.Microsecond

// watchdog looks after tails that take longer than soloTime: it brings them
// workers, and ends them at their hard deadline. It has one timer for all tails,
// which is left running when a tail is over early: a quick tail costs no timer.
type watchdog struct {
	_      incomparable
	ledger *ledger
	soon   atomic.Bool // the timer fires within soloTime

	mu    sync.Mutex
	timer *time.Timer
	at    time.Time // when the timer fires; zero: not set
}

// arm makes the watchdog look after a tail that begins: soon if more tasks wait than the
// one that its first worker takes, and in any case before its deadline.
func (w *watchdog) arm(s *scope) {
	switch {
	case s.next != nil && s.next.after != nil:
		if !w.soon.Load() && !w.soon.Swap(true) {
			w.lookAt(time.Now().Add(soloTime))
		}
	case !s.tail.deadline.IsZero():
		w.lookAt(s.start.Add(s.tail.deadline.Sub(s.start)))
	}
}

// lookAt makes the watchdog look at t, or before. t has a monotonic reading: the timer
// goes by that clock, and may be left from an invocation before a freeze.
func (w *watchdog) lookAt(t time.Time) {
	w.mu.Lock()
	if w.at.IsZero() || t.Before(w.at) {
		w.at = t
		if w.timer == nil {
			w.timer = time.AfterFunc(time.Until(t), w.look)
		} else {
			w.timer.Reset(time.Until(t))
		}
	}
	w.mu.Unlock()
}

// look deals with the tails that are under way, and looks again at their
// deadlines.
func (w *watchdog) look() {
	w.mu.Lock()
	w.at = time.Time{}
	w.mu.Unlock()
	w.soon.Store(false) // before looking: a tail that begins from here on arms it again

	now := time.Now()
	for _, s := range w.ledger.open() {
		hard := s.hard()
		switch {
		case !s.help(now) || hard.IsZero():
		case now.Before(s.tail.deadline):
			w.lookAt(now.Add(s.tail.deadline.Sub(now)))
		case now.Before(hard):
			w.lookAt(now.Add(hard.Sub(now)))
		default:
			go s.abandon(ErrDeadline)
		}
	}
}

// help brings a tail the workers that its waiting tasks need: to run them or, from the
// deadline on, to pass them on. It reports false if the tail is not under way.
func (s *scope) help(now time.Time) bool {
	s.mu.Lock()
	underWay := s.started && !s.finished && !s.abandoned
	if underWay {
		if !s.tail.deadline.IsZero() && !now.Before(s.tail.deadline) {
			s.tail.end(ErrDeadline) // tasks that wait for a worker do not start any more
		}
		for e := s.next; e != nil && int(s.workers.Load()) < s.off.opts.concurrency; e = e.after {
			if e.state() == queued {
				s.addWorker()
			}
		}
	}
	s.mu.Unlock()
	return underWay
}
