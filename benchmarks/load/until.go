package load

import (
	"context"
	"runtime"
	"time"
)

const (
	// timerStep is more than Go's timers are late: on an idle processor the runtime
	// sleeps in whole milliseconds (epoll_wait), so that they fire up to one and a half
	// late. Answers of less than a millisecond would be measured with that.
	timerStep = 2 * time.Millisecond

	// dozeStep is more than doze is late, mostly: 0.2 ms on an idle virtual machine, and never twice the same.
	dozeStep = 500 * time.Microsecond
)

// until waits for a moment: with a timer, the last of it with a clock that is finer than a timer, and the
// very last of it awake.
func until(ctx context.Context, t time.Time) error {
	if wait := time.Until(t) - timerStep; wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for wait := time.Until(t); wait > 0; wait = time.Until(t) {
		if wait > dozeStep {
			doze(wait - dozeStep)
		} else {
			runtime.Gosched() // the request before this one may not have left
		}
	}
	return ctx.Err()
}
