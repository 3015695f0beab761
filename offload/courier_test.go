package offload

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

var courierSlow = Define("courier/slow", func(ctx context.Context, _ string) error {
	select {
	case <-time.After(time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
})

// What fails leaves at once, not at the end of the tail; what fails while it is being sent leaves together.
func TestSpillDoesNotWaitForTheTail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out := &outbound{name: "out", limits: driver.Limits{BatchEntries: 10}, answer: func(context.Context, int, []driver.Message) []error {
			<-time.After(100 * time.Millisecond)
			return nil
		}}
		o, events := open(t, WithStrategies(inline{}, out))
		fails := func(after time.Duration) Task {
			return courierFails.With(after)
		}
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, errors.Join(
				After(ctx, courierSlow.With("")),
				After(ctx, fails(10*time.Millisecond)), After(ctx, fails(20*time.Millisecond)), After(ctx, fails(30*time.Millisecond)),
			)
		})
		if now := time.Since(start); now < time.Second || now > 1100*time.Millisecond {
			t.Errorf("the tail took %v", now)
		}
		sizes := []int{}
		for _, batch := range out.calls() {
			sizes = append(sizes, len(batch))
		}
		if len(sizes) != 2 || sizes[0] != 1 || sizes[1] != 2 {
			t.Fatalf("sent %v messages, want one and then two", sizes)
		}
		for i, want := range []time.Duration{10 * time.Millisecond, 110 * time.Millisecond} {
			if got := out.at[i].Sub(start).Round(time.Millisecond); got != want {
				t.Errorf("batch %d left after %v, want %v", i+1, got, want)
			}
		}
		if end := events.end(t, "courier/slow"); end.Kind != Done {
			t.Errorf("the slow task: %v, %v", end.Kind, end.Err)
		}
	})
}

var courierFails = Define("courier/fails", func(_ context.Context, after time.Duration) error {
	<-time.After(after)
	return errTask
}, MaxAttempts(1))

// What is sent after the response is sent before tasks are done that run here.
func TestHandOffAfterDoesNotWaitForTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out := &outbound{name: "out"}
		o, _ := open(t, WithStrategies(out, inline{}), WithHandOff(HandOffAfter))
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, errors.Join(After(ctx, courierSlow.With("leaves")), After(ctx, Func("stays", func(context.Context) error {
				<-time.After(time.Second)
				return nil
			})))
		})
		if len(out.calls()) != 1 || out.at[0] != start {
			t.Errorf("sent %v after the response", out.at)
		}
	})
}

// At the deadline the environment waits for a batch that is on its way, though not for the task that ignores its context.
func TestDeadlineWaitsForTheCourier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Bool
		out := &outbound{name: "out", answer: func(ctx context.Context, call int, _ []driver.Message) []error {
			if call == 1 {
				<-ctx.Done() // at the last moment, long after the other batch
				sent.Store(true)
			}
			return nil
		}}
		o, events := open(t, WithStrategies(inline{}, out))
		release := make(chan struct{})
		defer close(release)
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, errors.Join(
				After(context.WithValue(ctx, contextKey("release"), release), spillDeaf.With("in")),
				After(ctx, courierFails.With(0)),
			)
		})
		if !sent.Load() {
			t.Error("the environment was let go while a batch was on its way")
		}
		for _, name := range []string{"courier/fails", "spill/deaf"} {
			if end := events.end(t, name); end.Kind != HandedOver {
				t.Errorf("%s: %v, %v", name, end.Kind, end.Err)
			}
		}
	})
}

// A task that fails at the very moment when the tail is given up leaves all the same: who has begun to move it down the
// chain is waited for.
func TestFailureAtTheLastMomentSpills(t *testing.T) {
	t.Parallel()
	const tasks = 16
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			out := &outbound{name: "out"}
			o, events := open(t, WithStrategies(inline{}, out))
			_, _ = drive(o, func(ctx context.Context) (any, error) {
				hard := ctx.(*scope).hard()
				for range tasks {
					if err := After(ctx, courierFails.With(time.Until(hard))); err != nil {
						return nil, err
					}
				}
				return nil, nil
			})
			<-time.After(time.Second) // for tasks that ended after they were given up
			ends := map[EventKind]int{}
			for _, e := range events.events("courier/fails") {
				if e.Kind.Terminal() {
					ends[e.Kind]++
				}
			}
			if ends[HandedOver] != tasks {
				t.Errorf("ends: %v, want %d handed over", ends, tasks)
			}
		})
	}
}

// A batch that is on its way when the environment shuts down does not keep its tasks from their end: the
// destination has as long as there is before SIGKILL.
func TestShutdownRecallsTheCourier(t *testing.T) {
	t.Parallel()
	for name, keeper := range map[string][]driver.Strategy{"at the end of the tail": nil, "beside a task that runs": {inline{}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := &outbound{name: "out", answer: func(ctx context.Context, _ int, _ []driver.Message) []error {
					<-ctx.Done()
					return []error{ctx.Err()}
				}}
				o, events := open(t, WithStrategies(append(keeper, out)...), WithHandOff(HandOffAfter))
				over := make(chan struct{})
				go func() {
					defer close(over)
					_, _ = drive(o, func(ctx context.Context) (any, error) {
						if keeper != nil {
							_ = After(ctx, Func("beside", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
						}
						return nil, After(ctx, courierFails.With(0))
					})
				}()
				<-time.After(lambdaTimeout / 10)
				start := time.Now()
				o.shutdown()
				if took := time.Since(start); took != 2*shutdownGrace {
					t.Errorf("the shutdown took %v, want %v", took, 2*shutdownGrace)
				}
				if end := events.end(t, "courier/fails"); end.Kind != Dropped || !errors.Is(end.Err, ErrHandOver) {
					t.Errorf("end: %v, %v; want dropped, ErrHandOver", end.Kind, end.Err)
				}
				<-over
			})
		})
	}
}
