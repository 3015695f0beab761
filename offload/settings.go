package offload

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// Defaults of a task, where neither its definition nor the call of After says otherwise.
const (
	// DefaultMaxAttempts is how often a task is tried in this process. Every attempt
	// in a tail is billed as duration, so it is low; a chain to a sender goes on from there.
	DefaultMaxAttempts = 3

	// DefaultInitialInterval is the mean wait before the second attempt. It doubles
	// from attempt to attempt; each wait is drawn between zero and twice the mean.
	DefaultInitialInterval = 100 * time.Millisecond

	// DefaultMaxInterval is the largest mean wait between two attempts.
	DefaultMaxInterval = 5 * time.Second
)

// AfterOption says how one call of [After] treats its task. It overrides the
// task's definition.
type AfterOption interface {
	// applyTo checks the option itself: a program links the checks of the options that it has.
	applyTo(*settings) error
}

// TaskOption is an AfterOption that makes sense for a definition too, as the
// default for all its tasks.
type TaskOption interface {
	AfterOption
	taskOption()
}

type afterOption func(*settings) error

func (o afterOption) applyTo(s *settings) error { return o(s) }

type taskOption func(*settings) error

func (o taskOption) applyTo(s *settings) error { return o(s) }
func (o taskOption) taskOption()               {}

// settings are what the options of one task say. An entry points to its
// definition's until a call of After brings options of its own.
type settings struct {
	_               incomparable
	maxAttempts     int
	initialInterval time.Duration
	maxInterval     time.Duration
	timeout         time.Duration
	delay           time.Duration
	id              string
	group           string
	deduplication   string
	onlyOnSuccess   bool
	eager           bool
}

var defaultSettings = settings{
	maxAttempts:     DefaultMaxAttempts,
	initialInterval: DefaultInitialInterval,
	maxInterval:     DefaultMaxInterval,
}

// validateKey holds an option to what envelopes and queues take, whatever the chain
// is: a program that runs its tasks here today should not break when it sends them away. Empty is not set.
func validateKey(option, key string, limit int) error {
	if len(key) > limit {
		return fmt.Errorf("%w: %s(%.32q…) has %d bytes, at most %d are allowed; use a hash of it", ErrInvalidOption, option, key, len(key), limit)
	}
	if i := strings.IndexFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }); i >= 0 {
		return fmt.Errorf("%w: %s(%q): only printable ASCII characters without spaces are allowed, and there is another at byte %d", ErrInvalidOption, option, key, i)
	}
	return nil
}

// travellingTimeout is the timeout for the envelope: what was said for this one call. Otherwise the
// worker's definition decides, which may be a newer one.
func (s *settings) travellingTimeout(defined *settings) time.Duration {
	switch {
	case s.timeout == defined.timeout:
		return 0
	case s.timeout == 0 || s.timeout > driver.MaxTimeout:
		return driver.MaxTimeout
	}
	return (s.timeout + time.Millisecond - 1).Truncate(time.Millisecond)
}

// MaxAttempts limits how often a task is tried in the process that deferred it. A worker
// makes one attempt per delivery; how many deliveries there are is up to the queue's
// maxReceiveCount, or to the function's setting for asynchronous invocations. The default is [DefaultMaxAttempts]; 1 means no retry.
func MaxAttempts(n int) TaskOption {
	return taskOption(func(s *settings) error {
		if n < 1 {
			return fmt.Errorf("%w: MaxAttempts(%d): a task is tried at least once", ErrInvalidOption, n)
		}
		s.maxAttempts = n
		return nil
	})
}

// Backoff sets the mean wait before the second attempt and the largest mean
// wait; in between it doubles. The defaults are [DefaultInitialInterval] and
// [DefaultMaxInterval]. A wait that would pass the deadline is not begun.
func Backoff(initial, limit time.Duration) TaskOption {
	return taskOption(func(s *settings) error {
		if initial <= 0 || limit < initial {
			return fmt.Errorf("%w: Backoff(%v, %v): the first interval must be positive and not above the second", ErrInvalidOption, initial, limit)
		}
		s.initialInterval, s.maxInterval = initial, limit
		return nil
	})
}

// Timeout limits one attempt: its context is cancelled after d. 0, the default,
// leaves only the invocation's deadline. Given to After it holds in a worker too, rounded
// up to milliseconds.
func Timeout(d time.Duration) TaskOption {
	return taskOption(func(s *settings) error {
		if d < 0 {
			return fmt.Errorf("%w: Timeout(%v) is negative", ErrInvalidOption, d)
		}
		s.timeout = d
		return nil
	})
}

// OnlyOnSuccess drops the task if the handler returns an error or panics. The
// terminal event then is [Dropped] with [ErrHandlerFailed]. An eager task that has begun goes on.
func OnlyOnSuccess() TaskOption {
	return taskOption(func(s *settings) error {
		s.onlyOnSuccess = true
		return nil
	})
}

// Eager starts the task at once, beside the handler, instead of after the
// response. It then competes with the handler and the response for the
// function's CPU share. A strategy that sends tasks away ignores it.
func Eager() TaskOption {
	return taskOption(func(s *settings) error {
		s.eager = true
		return nil
	})
}

// ID sets the task's ID, to make it the same when a client or Lambda repeats the
// whole invocation; by default it is random. It has at most [driver.MaxIDBytes] (100) printable
// ASCII characters without spaces: it travels in the envelope.
func ID(id string) AfterOption {
	return afterOption(func(s *settings) error {
		s.id = id
		return validateKey("ID", id, driver.MaxIDBytes)
	})
}

// Group names what the task belongs to, such as a customer. A FIFO queue delivers
// the tasks of a group in order; a standard queue shares its throughput fairly
// between groups. In the process it has no effect. At most [driver.MaxGroupBytes] (128)
// printable ASCII characters without spaces, which is what SQS takes.
func Group(name string) AfterOption {
	return afterOption(func(s *settings) error {
		s.group = name
		return validateKey("Group", name, driver.MaxGroupBytes)
	})
}

// Deduplication makes a FIFO queue drop the task if another one with the same key
// was sent in the last five minutes. By default the key is the task's ID and, if a worker
// defers the task, the number of its hop. The key counts when this task is first sent; if the task is
// sent on later, because its delay is longer than the queue holds it back, it is not a repeat of itself.
// At most [driver.MaxDeduplicationBytes] (128) printable ASCII characters without spaces, which
// is what SQS takes.
func Deduplication(key string) AfterOption {
	return afterOption(func(s *settings) error {
		s.deduplication = key
		return validateKey("Deduplication", key, driver.MaxDeduplicationBytes)
	})
}

// Delay holds the task back for at least d, counted from the call of After: the rest of the
// handler and the response are part of it. Only a sender can do that without billing the
// wait; a delayed task therefore needs one in the chain, and a strategy that runs tasks here
// does not accept it.
func Delay(d time.Duration) AfterOption {
	return afterOption(func(s *settings) error {
		if d < 0 {
			return fmt.Errorf("%w: Delay(%v) is negative", ErrInvalidOption, d)
		}
		s.delay = d
		return nil
	})
}
