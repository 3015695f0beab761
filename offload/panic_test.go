package offload

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func panicsInHere(v any) { panic(v) }

func TestPanicIsTheTasksError(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"value": "boom", "error": errTask, "nil": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, events := open(t, Sequential())
			ran := 0
			_, _ = drive(o, deferring(t, Func("panics", func(context.Context) error {
				ran++
				panicsInHere(value)
				return nil
			}), Func("next", nothing)))

			end := events.end(t, "panics")
			var panicked *PanicError
			if ran != 1 || end.Kind != Failed || !errors.As(end.Err, &panicked) {
				t.Fatalf("ran %d times; end: %v, %v", ran, end.Kind, end.Err)
			}
			if !strings.Contains(string(panicked.Stack), "panicsInHere") {
				t.Errorf("the stack does not show where:\n%s", panicked.Stack)
			}
			if value != nil && panicked.Value != value {
				t.Errorf("Value = %v, want %v", panicked.Value, value)
			}
			if cause, ok := value.(error); ok && !errors.Is(end.Err, cause) {
				t.Error("the error that was panicked with is not reachable")
			}
			if strings.Contains(panicked.Error(), "goroutine ") {
				t.Errorf("the message has the stack: %v", panicked)
			}
			if end := events.end(t, "next"); end.Kind != Done {
				t.Errorf("the next task ends as %v, %v", end.Kind, end.Err)
			}
		})
	}
}

func TestGoexitIsAFailure(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]AfterOption{"tail": nil, "eager": {Eager()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, events := open(t, WithConcurrency(2))
				// The keeper's goroutine may be the one that ends.
				var loop sync.WaitGroup
				loop.Go(func() {
					_, _ = drive(o, func(ctx context.Context) (any, error) {
						_ = After(ctx, Func("before", nothing))
						_ = After(ctx, Func("exits", func(context.Context) error { runtime.Goexit(); return nil }), opts...)
						return nil, After(ctx, Func("next", nothing))
					})
				})
				loop.Wait()
				synctest.Wait()
				if end := events.end(t, "exits"); end.Kind != Failed || !errors.Is(end.Err, ErrGoexit) {
					t.Errorf("end: %v, %v; want failed, ErrGoexit", end.Kind, end.Err)
				}
				if end := events.end(t, "next"); end.Kind != Done {
					t.Errorf("the next task ends as %v, %v", end.Kind, end.Err)
				}
			})
		})
	}
}

// A panic of the handler goes on to aws-lambda-go, which exits: the tasks come first.
func TestHandlerPanic(t *testing.T) {
	t.Parallel()
	o, events := open(t)
	func() {
		defer func() {
			if v := recover(); v != "handler" {
				t.Errorf("recovered %v, want the handler's panic", v)
			}
			if end := events.end(t, "task"); end.Kind != Done {
				t.Errorf("the task ends as %v, %v", end.Kind, end.Err)
			}
			if end := events.end(t, "only-on-success"); end.Kind != Dropped || !errors.Is(end.Err, ErrHandlerFailed) {
				t.Errorf("the task for success ends as %v, %v", end.Kind, end.Err)
			}
		}()
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("task", nothing))
			_ = After(ctx, Func("only-on-success", nothing), OnlyOnSuccess())
			panic("handler")
		})
	}()
}

func TestOnlyOnSuccess(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{nil, errTask} {
		o, events := open(t)
		_, err := drive(o, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("always", nothing))
			_ = After(ctx, Func("conditional", nothing), OnlyOnSuccess())
			return nil, failure
		})
		if !errors.Is(err, failure) {
			t.Errorf("the handler's error became %v", err)
		}
		if end := events.end(t, "always"); end.Kind != Done {
			t.Errorf("handler error %v: ends as %v", failure, end.Kind)
		}
		end := events.end(t, "conditional")
		if failure == nil && end.Kind != Done {
			t.Errorf("after a success: %v, %v", end.Kind, end.Err)
		}
		if failure != nil && (end.Kind != Dropped || !errors.Is(end.Err, ErrHandlerFailed)) {
			t.Errorf("after a failure: %v, %v", end.Kind, end.Err)
		}
	}
}

// An eager task that found no worker before the handler failed is not begun after that.
func TestOnlyOnSuccessOfEagerTaskThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t, Sequential())
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("first", func(ctx context.Context) error { return wait(ctx, time.Second) }), Eager())
			_ = After(ctx, Func("second", nothing), Eager(), OnlyOnSuccess())
			_ = After(ctx, Func("third", nothing), Eager())
			return nil, errTask
		})
		for name, want := range map[string]EventKind{"first": Done, "second": Dropped, "third": Done} {
			if end := events.end(t, name); end.Kind != want || want == Dropped && !errors.Is(end.Err, ErrHandlerFailed) {
				t.Errorf("%s ends as %v, %v; want %v", name, end.Kind, end.Err, want)
			}
		}
	})
}

func TestObserverPanicIsContained(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var mu sync.Mutex
	o, events := open(t,
		WithLogger(slog.New(slog.NewTextHandler(&lockedWriter{mu: &mu, out: &log}, nil))),
		WithObserver(ObserverFunc(func(context.Context, Event) { panic("observer") })),
	)
	after := &journal{}
	o.pub = newPublisher(append(o.opts.observers, after), o.log)
	_, _ = drive(o, deferring(t, Func("task", nothing)))
	want := []EventKind{Accepted, Started, Done}
	if got := events.kinds("task"); !slices.Equal(got, want) {
		t.Errorf("the observer before it got %v", got)
	}
	if got := after.kinds("task"); !slices.Equal(got, want) {
		t.Errorf("the observer after it got %v", got)
	}
	mu.Lock()
	defer mu.Unlock()
	if n := strings.Count(log.String(), "an observer panicked"); n != len(want) || !strings.Contains(log.String(), "panic=observer") {
		t.Errorf("%d log lines about it, want %d:\n%s", n, len(want), &log)
	}
}

type lockedWriter struct {
	mu  *sync.Mutex
	out *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// picky wants the kinds it lists.
type picky struct {
	journal
	wants []EventKind
}

func (p *picky) Wants(k EventKind) bool { return slices.Contains(p.wants, k) }

func TestObserversGetWhatTheyWant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		few := &picky{wants: []EventKind{Retrying, Done}}
		none := &picky{}
		o, events := open(t, WithObserver(few, none))
		failed := false
		_, _ = drive(o, deferring(t, Func("task", func(context.Context) error {
			if !failed {
				failed = true
				return errTask
			}
			return nil
		})))
		for name, tc := range map[string]struct {
			got  []EventKind
			want []EventKind
		}{
			"all":  {events.kinds("task"), []EventKind{Accepted, Started, Retrying, Started, Done}},
			"few":  {few.kinds("task"), few.wants},
			"none": {none.kinds("task"), nil},
		} {
			if !slices.Equal(tc.got, tc.want) {
				t.Errorf("%s: events %v, want %v", name, tc.got, tc.want)
			}
		}
	})
}

// Observers see the values of the ctx that After got, and are not cancelled with it.
func TestObserverContext(t *testing.T) {
	t.Parallel()
	seen := 0
	o, _ := open(t, WithObserver(ObserverFunc(func(ctx context.Context, e Event) {
		if ctx.Value(contextKey("own")) == nil || ctx.Err() != nil {
			t.Errorf("%v: value %v, Err %v", e.Kind, ctx.Value(contextKey("own")), ctx.Err())
		}
		seen++
	})))
	_, _ = drive(o, func(ctx context.Context) (any, error) {
		ctx, cancel := context.WithCancel(context.WithValue(ctx, contextKey("own"), 1))
		defer cancel()
		return nil, After(ctx, Func("task", nothing))
	})
	if seen != 3 {
		t.Errorf("%d events, want 3", seen)
	}
}

func TestLogObserverLevels(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind EventKind
		err  error
		want string
	}{
		{Done, nil, "DEBUG"},
		{Retrying, errTask, "WARN"},
		{HandedOver, nil, "DEBUG"},
		{HandedOver, errTask, "WARN"},
		{Failed, errTask, "ERROR"},
		{Dropped, ErrDeadline, "ERROR"},
		{Dropped, ErrHandlerFailed, "INFO"},
	} {
		var log bytes.Buffer
		LogObserver(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))).
			Observe(context.Background(), Event{Kind: tc.kind, Err: tc.err, Task: TaskInfo{Name: "task", ID: "id-1"}})
		line := log.String()
		if !strings.Contains(line, "level="+tc.want+" ") || !strings.Contains(line, "taskId=id-1") || !strings.Contains(line, tc.kind.String()) {
			t.Errorf("%v, %v: %q; want level %s", tc.kind, tc.err, line, tc.want)
		}
		if tc.err != nil && !strings.Contains(line, tc.err.Error()) {
			t.Errorf("%v: the error is missing: %q", tc.kind, line)
		}
	}
}

func TestEventKinds(t *testing.T) {
	t.Parallel()
	terminal := 0
	names := map[string]bool{}
	for k := Accepted; k < eventKinds; k++ {
		names[k.String()] = true
		if k.Terminal() {
			terminal++
		}
	}
	if terminal != 4 || len(names) != 7 || names["unknown"] {
		t.Errorf("%d terminal kinds, names %v", terminal, names)
	}
	if got := EventKind(99).String(); got != "unknown" || EventKind(99).Terminal() || EventKind(0).Terminal() {
		t.Errorf("an unknown kind: %q", got)
	}
}
