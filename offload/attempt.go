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
	if e.scope.off.tracer != nil {
		e.startTrace()
	}
	err := e.once()
	if err == nil || e.set.maxAttempts == 1 {
		return err
	}
	policy := backoff.ExponentialBackOff{
		InitialInterval:     e.set.initialInterval,
		RandomizationFactor: 1, // full jitter: from 0 to twice the interval
		Multiplier:          2,
		MaxInterval:         e.set.maxInterval,
		Clock:               backoff.SystemClock,
	}
	policy.Reset()
	for made := 1; made < e.set.maxAttempts && !permanent(err) && e.pause(policy.NextBackOff(), err); made++ {
		e.count(1)
		if err = e.once(); err == nil {
			break
		}
	}
	return err
}

// pause waits for the next attempt. It reports false if there will be none: the tail has ended, or will have by
// then, and the wait would be billed and the task cut off.
func (e *entry) pause(wait time.Duration, failed error) bool {
	deadline := e.scope.tail.deadline
	if e.Err() != nil || !deadline.IsZero() && time.Until(deadline) <= wait {
		return false
	}
	e.publish(Retrying, wait, failed)
	select {
	case <-time.After(wait):
		return true
	case <-e.Done():
		return false
	}
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
	if _, marked := errors.AsType[*backoff.PermanentError](err); marked {
		return true
	}
	_, panicked := errors.AsType[*PanicError](err)
	return panicked
}
