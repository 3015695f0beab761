package extension

import (
	"sync"
	"time"
)

// expiry tells when the invocation that is held must be let go. It has one timer,
// which is left running when the hold ends in time: a timer for each invocation would wake a thread
// for each, beside the one that runs the handler.
type expiry struct {
	expired chan struct{} // has an element when the hold has expired

	mu      sync.Mutex
	release time.Time // when to let go; zero: nothing is held
	timer   *time.Timer
	at      time.Time // when the timer fires; zero: not set
}

func newExpiry() *expiry { return &expiry{expired: make(chan struct{}, 1)} }

// begin starts a hold that lasts d at most. Times are compared by the monotonic clock, which
// the timer goes by, for the timer may be left from an invocation before a freeze.
func (x *expiry) begin(d time.Duration) {
	x.mu.Lock()
	x.release = time.Now().Add(d)
	x.set()
	x.mu.Unlock()
}

// end ends the hold, expired or not.
func (x *expiry) end() {
	x.mu.Lock()
	x.release = time.Time{}
	select {
	case <-x.expired:
	default:
	}
	x.mu.Unlock()
}

// set makes the timer fire at x.release, or before. x.mu is held.
func (x *expiry) set() {
	if !x.at.IsZero() && !x.release.Before(x.at) {
		return
	}
	x.at = x.release
	if x.timer == nil {
		x.timer = time.AfterFunc(time.Until(x.at), x.look)
	} else {
		x.timer.Reset(time.Until(x.at))
	}
}

// look is called by the timer, which may have been set for a hold that is long over.
func (x *expiry) look() {
	x.mu.Lock()
	x.at = time.Time{}
	switch {
	case x.release.IsZero():
	case time.Now().Before(x.release):
		x.set()
	default:
		x.release = time.Time{}
		x.expired <- struct{}{} // there is room: end has emptied it
	}
	x.mu.Unlock()
}
