package offload

import (
	"fmt"
	"time"
)

// holds checks that a sender can hold the task back for as long as its delay still
// lasts: at once where the destination offers it, or by as many hops as the task has left.
func (l *link) holds(e *entry) error {
	if e.set.delay <= 0 {
		return nil
	}
	remaining := e.set.delay - time.Since(e.acceptedAt())
	if remaining <= 0 {
		return nil
	}
	if l.limits.MaxDelay <= 0 {
		return fmt.Errorf("%w: Delay(%v) of task %q: strategy %q delivers at once and cannot hold a task back; a delay needs one that can, such as sqs with a standard queue",
			ErrInvalidOption, e.set.delay, e.name, l.name)
	}
	hops := time.Duration(maxHops - e.hops())
	if remaining/hops > l.limits.MaxDelay {
		return fmt.Errorf("%w: Delay(%v) of task %q: strategy %q holds a task back for %v at a time, and Lambda allows %d such hops; use a schedule (Amazon EventBridge Scheduler) for what comes later",
			ErrInvalidOption, e.set.delay, e.name, l.name, l.limits.MaxDelay, hops)
	}
	return nil
}
