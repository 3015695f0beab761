package offload

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// attempt runs the task once. A panic is its error.
func (t Task) attempt(ctx context.Context) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	err = t.run(ctx)
	returned = true
	return err
}

// try runs the task until it succeeds, fails for good, or the tail ends. The first attempt has been
// counted.
func (e *entry) try() error {
	e.startTrace()
	err := e.once()
	if err == nil || e.set.maxAttempts == 1 || permanent(err) {
		return err
	}

	// The first failure is known; backoff decides about the next attempts.
	last, known := err, true
	policy := backoff.WithContext(&beforeDeadline{
		BackOff: backoff.WithMaxRetries(&backoff.ExponentialBackOff{
			InitialInterval:     e.set.initialInterval,
			RandomizationFactor: 1, // full jitter: from 0 to twice the interval
			Multiplier:          2,
			MaxInterval:         e.set.maxInterval,
			Stop:                backoff.Stop,
			Clock:               backoff.SystemClock,
		}, uint64(e.set.maxAttempts-1)), //nolint:gosec // validated to be positive
		deadline: e.scope.tail.deadline,
	}, e)
	_ = backoff.RetryNotify(func() error {
		if known {
			known = false
			return last
		}
		e.count(1)
		last = e.once()
		if last != nil && permanent(last) {
			return backoff.Permanent(last)
		}
		return last
	}, policy, func(err error, wait time.Duration) {
		e.publish(Retrying, wait, err)
	})
	return last
}

func (e *entry) once() error {
	e.publish(Started, 0, nil)
	if e.set.timeout == 0 {
		return e.task().attempt(e)
	}
	ctx, cancel := context.WithTimeout(e, e.set.timeout)
	defer cancel()
	return e.task().attempt(ctx)
}

// permanent reports whether a further attempt in this process is pointless.
func permanent(err error) bool {
	var marked *backoff.PermanentError
	var panicked *PanicError
	return errors.As(err, &marked) || errors.As(err, &panicked)
}

// beforeDeadline stops when the next attempt would begin after the deadline: the
// wait would be billed and then the task cut off.
type beforeDeadline struct {
	backoff.BackOff
	deadline time.Time
}

func (b *beforeDeadline) NextBackOff() time.Duration {
	next := b.BackOff.NextBackOff()
	if next != backoff.Stop && !b.deadline.IsZero() && time.Until(b.deadline) <= next {
		return backoff.Stop
	}
	return next
}
