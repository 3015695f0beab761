package offload

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// wait is a task that takes d, or until its context ends.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestSequentialKeepsOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, _ := open(t, Sequential())
		var order []int // one task at a time: the race detector sees it if not
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			for i := range 100 {
				_ = After(ctx, Func("task", func(ctx context.Context) error {
					order = append(order, i)
					if i == 50 {
						_ = After(ctx, Func("nested", func(context.Context) error {
							order = append(order, 100)
							return nil
						}))
					}
					return wait(ctx, time.Duration(i%3)*time.Millisecond)
				}))
			}
			return nil, nil
		})
		if len(order) != 101 || !slices.IsSorted(order) {
			t.Errorf("order: %v", order)
		}
	})
}

func TestConcurrencyIsUsedAndBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, _ := open(t, WithConcurrency(4))
		var now, most atomic.Int32
		start := time.Now()
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			for range 10 {
				_ = After(ctx, Func("task", func(ctx context.Context) error {
					defer now.Add(-1)
					if n := now.Add(1); n > most.Load() {
						most.Store(n)
					}
					return wait(ctx, time.Second)
				}))
			}
			return nil, nil
		})
		if most.Load() != 4 {
			t.Errorf("%d tasks ran at once, want 4", most.Load())
		}
		// 10 tasks of 1 s on 4 workers; the others come soloTime after the first.
		if took := time.Since(start); took < 3*time.Second || took > 3*time.Second+10*soloTime {
			t.Errorf("the tail took %v, want 3 s", took)
		}
	})
}

func TestOnlyEagerTasksRunBeforeTheResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, _ := open(t)
		var eager, held atomic.Bool
		ctx, cancel := context.WithTimeout(context.Background(), lambdaTimeout)
		defer cancel()
		r, err := o.invoke(ctx, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("held", func(context.Context) error { held.Store(true); return nil }))
			_ = After(ctx, Func("eager", func(context.Context) error { eager.Store(true); return nil }), Eager())
			synctest.Wait()
			if !eager.Load() {
				t.Error("an eager task waits for the handler")
			}
			return "ok", nil
		})
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 100)
		for err == nil {
			_, err = r.Read(p)
		}
		wait(context.Background(), time.Second)
		if held.Load() {
			t.Error("a task ran before the response was closed")
		}
		_ = r.Close()
		if !held.Load() {
			t.Error("Close returned before the task had run")
		}
	})
}

// An eager task that outlasts the handler is waited for.
func TestEagerTaskIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, After(ctx, Func("eager", func(ctx context.Context) error { return wait(ctx, time.Second) }), Eager())
		})
		if end := events.end(t, "eager"); end.Kind != Done || end.Run.Round(time.Microsecond) != time.Second {
			t.Errorf("end: %v after %v", end.Kind, end.Run)
		}
	})
}

func TestEventTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("task", func(ctx context.Context) error { return wait(ctx, 2*time.Second) }))
			return nil, wait(ctx, time.Second)
		})
		end := events.end(t, "task")
		if end.Wait != time.Second || end.Run != 2*time.Second || end.Strategy != "inline" {
			t.Errorf("terminal event: wait %v, run %v, strategy %q", end.Wait, end.Run, end.Strategy)
		}
		if got, want := events.kinds("task"), []EventKind{Accepted, Started, Done}; !slices.Equal(got, want) {
			t.Errorf("events %v, want %v", got, want)
		}
	})
}

func TestTailEndsWithTheDeadline(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts []Option
		want time.Duration
	}{
		"default margin": {nil, lambdaTimeout - DefaultMargin},
		"own margin":     {[]Option{WithMargin(2 * time.Second)}, 8 * time.Second},
		"no margin":      {[]Option{WithMargin(0)}, lambdaTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, events := open(t, append(tc.opts, Sequential())...)
				start := time.Now()
				_, _ = drive(o, func(ctx context.Context) (any, error) {
					_ = After(ctx, Func("long", func(ctx context.Context) error {
						<-ctx.Done()
						if took := time.Since(start); took != tc.want {
							t.Errorf("the context ended after %v, want %v", took, tc.want)
						}
						if cause := context.Cause(ctx); !errors.Is(cause, ErrDeadline) {
							t.Errorf("cause %v, want ErrDeadline", cause)
						}
						return ctx.Err()
					}))
					return nil, After(ctx, Func("waiting", func(ctx context.Context) error { return ctx.Err() }))
				})
				for _, name := range []string{"long", "waiting"} {
					if end := events.end(t, name); end.Kind != Dropped || !errors.Is(end.Err, ErrDeadline) {
						t.Errorf("%s ends as %v, %v; want dropped, ErrDeadline", name, end.Kind, end.Err)
					}
				}
				// Without a margin, the task is given up at the same moment.
				if end := events.end(t, "long"); tc.want < lambdaTimeout && !errors.Is(end.Err, context.DeadlineExceeded) {
					t.Errorf("the task's own error is lost: %v", end.Err)
				}
			})
		})
	}
}

// A short invocation keeps a tenth free, not half a second.
func TestMarginOfShortInvocation(t *testing.T) {
	t.Parallel()
	o, _ := open(t)
	for d, want := range map[time.Duration]time.Duration{
		-time.Second:     0,
		time.Second:      100 * time.Millisecond,
		5 * time.Second:  500 * time.Millisecond,
		15 * time.Minute: DefaultMargin,
	} {
		if got := o.marginFor(d); got != want {
			t.Errorf("marginFor(%v) = %v, want %v", d, got, want)
		}
	}
}

// Nobody may have asked for Done before the deadline; the cause is the same.
func TestCauseWithoutDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, _ := open(t)
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, After(ctx, Func("task", func(ctx context.Context) error {
				<-time.After(lambdaTimeout - DefaultMargin + time.Millisecond)
				if cause := context.Cause(ctx); !errors.Is(cause, ErrDeadline) {
					t.Errorf("cause %v, want ErrDeadline", cause)
				}
				return nil
			}))
		})
	})
}

// A task that ignores its context is given up in the middle of the margin; the
// others have their ends, and its goroutine's late result changes nothing.
func TestTaskThatIgnoresItsContextIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t, WithMargin(time.Second))
		release := make(chan struct{})
		start := time.Now()
		var over sync.WaitGroup
		over.Go(func() {
			_, _ = drive(o, func(ctx context.Context) (any, error) {
				return nil, After(ctx, Func("deaf", func(context.Context) error { <-release; return nil }))
			})
		})
		<-time.After(lambdaTimeout)
		end := events.end(t, "deaf")
		if end.Kind != Dropped || !errors.Is(end.Err, ErrDeadline) {
			t.Errorf("end: %v, %v; want dropped, ErrDeadline", end.Kind, end.Err)
		}
		if at := end.Time.Sub(start); at != lambdaTimeout-500*time.Millisecond {
			t.Errorf("given up after %v, want half a margin before the deadline", at)
		}
		if open := o.ledger.open(); len(open) != 0 {
			t.Errorf("%d scopes are still in the ledger", len(open))
		}
		close(release)
		over.Wait()
		events.end(t, "deaf") // still one
	})
}

func TestTimeoutIsOfOneAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		var attempts []time.Duration
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, After(ctx, Func("slow", func(ctx context.Context) error {
				start := time.Now()
				<-ctx.Done()
				attempts = append(attempts, time.Since(start))
				if info, ok := TaskFromContext(ctx); !ok || info.Attempt != len(attempts) {
					t.Errorf("TaskFromContext = %+v, %v in attempt %d", info, ok, len(attempts))
				}
				return ctx.Err()
			}), Timeout(time.Second), MaxAttempts(2))
		})
		if !slices.Equal(attempts, []time.Duration{time.Second, time.Second}) {
			t.Errorf("attempts took %v, want 1 s each", attempts)
		}
		if end := events.end(t, "slow"); end.Kind != Failed || !errors.Is(end.Err, context.DeadlineExceeded) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
	})
}

// Tasks may defer further ones, to any depth, until the tail is over.
func TestNestedTasksJoinTheTail(t *testing.T) {
	t.Parallel()
	o, events := open(t)
	const depth = 50
	var nest func(left int) Task
	nest = func(left int) Task {
		return Func("nested", func(ctx context.Context) error {
			if left == 0 {
				return nil
			}
			return After(ctx, nest(left-1))
		})
	}
	_, _ = drive(o, deferring(t, nest(depth-1)))
	done := 0
	for _, kind := range events.kinds("nested") {
		if kind == Done {
			done++
		}
	}
	if done != depth {
		t.Errorf("%d nested tasks were done, want %d", done, depth)
	}
}

// The values of the outermost call reach the innermost task.
func TestNestedValues(t *testing.T) {
	t.Parallel()
	o, events := open(t)
	_, _ = drive(o, func(ctx context.Context) (any, error) {
		return nil, After(context.WithValue(ctx, contextKey("outer"), 1), Func("outer", func(ctx context.Context) error {
			return After(context.WithValue(ctx, contextKey("inner"), 2), Func("inner", func(ctx context.Context) error {
				if ctx.Value(contextKey("outer")) != 1 || ctx.Value(contextKey("inner")) != 2 {
					t.Error("values are missing")
				}
				if info, _ := TaskFromContext(ctx); info.Name != "inner" {
					t.Errorf("TaskFromContext is of %q", info.Name)
				}
				return ctx.Err()
			}))
		}))
	})
	if end := events.end(t, "inner"); end.Kind != Done {
		t.Errorf("end: %v, %v", end.Kind, end.Err)
	}
}

func TestTimesOfATask(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		start := time.Now()
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			<-time.After(time.Second)
			_ = After(ctx, Func("task", func(ctx context.Context) error { return wait(ctx, 3*time.Second) }))
			<-time.After(2 * time.Second)
			return nil, nil
		})
		end := events.end(t, "task")
		if after := end.Task.Accepted.Sub(start); after != time.Second || end.Wait != 2*time.Second || end.Run != 3*time.Second {
			t.Errorf("accepted after %v, waited %v, ran %v; want 1s, 2s, 3s", after, end.Wait, end.Run)
		}
	})
}

// An eager task that still runs when the tail begins counts as one of those that run at once.
func TestConcurrencyIncludesEagerTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, _ := open(t, Sequential())
		var order []string // one task at a time: the race detector sees it if not
		task := func(name string) Task {
			return Func(name, func(ctx context.Context) error {
				order = append(order, name+" begins")
				err := wait(ctx, time.Second)
				order = append(order, name+" ends")
				return err
			})
		}
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			return nil, errors.Join(After(ctx, task("eager"), Eager()), After(ctx, task("held")))
		})
		if want := []string{"eager begins", "eager ends", "held begins", "held ends"}; !slices.Equal(order, want) {
			t.Errorf("%v, want %v", order, want)
		}
	})
}

// Nothing runs under a margin that takes all of the time, and the tasks' events alone would not tell why.
func TestMarginThatLeavesNoTime(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o, events := open(t, WithMargin(lambdaTimeout+time.Second), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	for range 3 {
		_, _ = drive(o, deferring(t, Func("task", nothing)))
	}
	if n := strings.Count(log.String(), "OFFLOAD_MARGIN"); n != 1 || !strings.Contains(log.String(), "margin=11s") {
		t.Errorf("said %d times, want once:\n%s", n, log.String())
	}
	for _, e := range events.events("task") {
		if e.Kind != Accepted && (e.Kind != Dropped || !errors.Is(e.Err, ErrDeadline)) {
			t.Errorf("%v, %v", e.Kind, e.Err)
		}
	}
}
