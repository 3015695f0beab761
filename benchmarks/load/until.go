package load

import (
	"context"
	"time"
)

// timerStep is more than Go's timers are late: on an idle processor the runtime
// sleeps in whole milliseconds (epoll_wait), so that they fire up to one and a half
// late. Answers of less than a millisecond would be measured with that.
const timerStep = 2 * time.Millisecond

// until waits for a moment, and the last of it with a clock that is finer than a
// timer.
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
		doze(wait)
	}
	return ctx.Err()
}
