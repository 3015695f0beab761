package offload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
)

var errTask = errors.New("the task failed")

func TestRetryUntilSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		attempt := 0
		_, _ = drive(o, deferring(t, Func("flaky", func(context.Context) error {
			if attempt++; attempt < 3 {
				return errTask
			}
			return nil
		})))
		want := []EventKind{Accepted, Started, Retrying, Started, Retrying, Started, Done}
		if got := events.kinds("flaky"); !slices.Equal(got, want) {
			t.Errorf("events %v, want %v", got, want)
		}
		for i, e := range events.events("flaky") {
			if e.Kind == Retrying && (!errors.Is(e.Err, errTask) || e.Task.Attempt != i/2) {
				t.Errorf("Retrying: attempt %d, %v", e.Task.Attempt, e.Err)
			}
		}
		if end := events.end(t, "flaky"); end.Err != nil || end.Task.Attempt != 3 {
			t.Errorf("end: attempt %d, %v", end.Task.Attempt, end.Err)
		}
	})
}

func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	for _, attempts := range []int{1, 2, 7} {
		t.Run(fmt.Sprint(attempts), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, events := open(t)
				ran := 0
				_, _ = drive(o, func(ctx context.Context) (any, error) {
					return nil, After(ctx, Func("task", func(context.Context) error {
						ran++
						return fmt.Errorf("attempt %d: %w", ran, errTask)
					}), MaxAttempts(attempts), Backoff(time.Millisecond, time.Millisecond))
				})
				end := events.end(t, "task")
				if ran != attempts || end.Kind != Failed || !errors.Is(end.Err, errTask) || end.Task.Attempt != attempts {
					t.Errorf("ran %d times, end %v: attempt %d, %v", ran, end.Kind, end.Task.Attempt, end.Err)
				}
				if want := fmt.Sprintf("attempt %d: %v", attempts, errTask); end.Err.Error() != want {
					t.Errorf("the error is %q, want that of the last attempt", end.Err)
				}
			})
		})
	}
}

// Waits have full jitter: anything between zero and twice the mean, which doubles up
// to its limit.
func TestBackoffBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		const runs = 200
		var started []time.Time
		means := []time.Duration{10, 20, 40, 50, 50}
		for range runs {
			_, _ = drive(o, func(ctx context.Context) (any, error) {
				return nil, After(ctx, Func("task", func(context.Context) error {
					started = append(started, time.Now())
					return errTask
				}), MaxAttempts(len(means)+1), Backoff(10*time.Millisecond, 50*time.Millisecond))
			})
		}
		least := make([]time.Duration, len(means))
		most := make([]time.Duration, len(means))
		n := 0
		for _, e := range events.events("task") {
			if e.Kind != Retrying {
				continue
			}
			at := n % len(means)
			run := n / len(means)
			if between := started[run*(len(means)+1)+at+1].Sub(started[run*(len(means)+1)+at]); between != e.Backoff {
				t.Fatalf("waited %v, the event says %v", between, e.Backoff)
			}
			if n < len(means) || e.Backoff < least[at] {
				least[at] = e.Backoff
			}
			most[at] = max(most[at], e.Backoff)
			n++
		}
		if n != runs*len(means) {
			t.Fatalf("%d Retrying events, want %d", n, runs*len(means))
		}
		for i, mean := range means {
			mean *= time.Millisecond //nolint:durationcheck // a count of milliseconds until here
			if most[i] > 2*mean+1 {
				t.Errorf("wait %d was %v, want at most %v", i+1, most[i], 2*mean)
			}
			// Of 200 draws, none in the outer fifths is a chance of 1 in 10^19.
			if least[i] > mean*2/5 || most[i] < mean*8/5 {
				t.Errorf("wait %d was between %v and %v, want from 0 to %v", i+1, least[i], most[i], 2*mean)
			}
		}
	})
}

func TestPermanentIsNotRetried(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"first": backoff.Permanent(errTask),
		"deep":  fmt.Errorf("context: %w", backoff.Permanent(errTask)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, events := open(t)
			_, _ = drive(o, deferring(t, Func("task", func(context.Context) error { return err })))
			end := events.end(t, "task")
			if end.Kind != Failed || end.Task.Attempt != 1 || !errors.Is(end.Err, errTask) {
				t.Errorf("end: %v, attempt %d, %v", end.Kind, end.Task.Attempt, end.Err)
			}
		})
	}
	t.Run("second attempt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			o, events := open(t)
			ran := 0
			_, _ = drive(o, func(ctx context.Context) (any, error) {
				return nil, After(ctx, Func("task", func(context.Context) error {
					if ran++; ran == 2 {
						return backoff.Permanent(errTask)
					}
					return errTask
				}), MaxAttempts(5))
			})
			if end := events.end(t, "task"); ran != 2 || end.Kind != Failed || !errors.Is(end.Err, errTask) {
				t.Errorf("ran %d times; end: %v, %v", ran, end.Kind, end.Err)
			}
		})
	})
}

// A wait that would pass the deadline is not begun: it would be billed for nothing.
func TestNoBackoffPastTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		const runs = 50
		for range runs {
			start := time.Now()
			_, _ = drive(o, func(ctx context.Context) (any, error) {
				return nil, After(ctx, Func("task", func(context.Context) error { return errTask }),
					MaxAttempts(1000), Backoff(time.Second, 4*time.Second))
			})
			if took := time.Since(start); took >= lambdaTimeout-DefaultMargin {
				t.Errorf("the tail waited for its deadline: %v", took)
			}
		}
		failed, longest := 0, 0
		for _, e := range events.events("task") {
			if e.Kind == Failed && errors.Is(e.Err, errTask) {
				failed++
				longest = max(longest, e.Task.Attempt)
			}
		}
		if failed != runs || longest < 2 {
			t.Errorf("%d of %d tasks failed with their own error, after up to %d attempts", failed, runs, longest)
		}
	})
}

// The end of the tail ends a wait between attempts.
func TestShutdownEndsBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		start := time.Now()
		go func() {
			<-time.After(time.Millisecond)
			o.shutdown()
		}()
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			for range DefaultConcurrency { // some of them draw a wait that is long enough
				_ = After(ctx, Func("task", func(context.Context) error { return errTask }), Backoff(4*time.Second, 4*time.Second))
			}
			return nil, nil
		})
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("the tail went on for %v after the shutdown", took)
		}
		dropped := 0
		for _, e := range events.events("task") {
			if e.Kind == Dropped && errors.Is(e.Err, ErrShutdown) && errors.Is(e.Err, errTask) {
				dropped++
			}
		}
		if dropped != DefaultConcurrency {
			t.Errorf("%d of %d tasks were dropped with ErrShutdown and their own error", dropped, DefaultConcurrency)
		}
	})
}
