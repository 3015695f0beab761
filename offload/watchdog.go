package offload

import (
	"sync"
	"sync/atomic"
	"time"
)

// soloTime is how long the first worker of a tail may be alone. Tasks that wait for
// a network lose nothing that could be measured by it; tasks that do not wait
// never pay for a second goroutine.
const soloTime = 50 * time.Microsecond

// watchdog looks after tails that take longer than soloTime: it brings them
// workers, and ends them at their hard deadline. It has one timer for all tails,
// which is left running when a tail is over early: a quick tail costs no timer.
type watchdog struct {
	ledger *ledger
	soon   atomic.Bool // the timer fires within soloTime

	mu    sync.Mutex
	timer *time.Timer
	at    time.Time // when the timer fires; zero: not set
}

// arm makes the watchdog look soon.
func (w *watchdog) arm() {
	if !w.soon.Load() && !w.soon.Swap(true) {
		w.lookAt(time.Now().Add(soloTime))
	}
}

// lookAt makes the watchdog look at t, or before.
func (w *watchdog) lookAt(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.timer == nil:
		w.timer = time.AfterFunc(time.Until(t), w.look)
	case w.at.IsZero() || t.Before(w.at):
		w.timer.Reset(time.Until(t))
	default:
		return
	}
	w.at = t
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
		switch {
		case !s.help() || s.hard.IsZero():
		case now.Before(s.tail.deadline):
			w.lookAt(s.tail.deadline)
		case now.Before(s.hard):
			s.tail.end(ErrDeadline) // tasks that wait for a worker do not start any more
			w.lookAt(s.hard)
		default:
			go s.abandon(ErrDeadline)
		}
	}
}

// help brings a tail the workers that its waiting tasks need. It reports false if
// the tail is not under way.
func (s *scope) help() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started || s.finished || s.abandoned {
		return false
	}
	for range len(s.ready) - s.next {
		s.addWorker()
	}
	return true
}
