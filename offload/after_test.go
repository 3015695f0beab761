package offload

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// unmarshalable is an input that fails to marshal with an error of its own.
type unmarshalable struct{}

var errMarshal = errors.New("no JSON for this")

func (unmarshalable) MarshalJSON() ([]byte, error) { return nil, errMarshal }

var (
	afterBad  = Define("after/unmarshalable", func(context.Context, unmarshalable) error { return nil })
	afterText = Define("after/text", func(context.Context, string) error { return nil })
	afterRaw  = Define("after/raw", func(context.Context, json.RawMessage) error { return nil })
)

func TestAfterOutsideAnInvocation(t *testing.T) {
	t.Parallel()
	for _, ctx := range []context.Context{context.Background(), context.WithValue(context.Background(), "k", "v")} { //nolint:staticcheck // any foreign key
		if err := After(ctx, Func("task", nothing)); !errors.Is(err, ErrNoScope) {
			t.Errorf("After = %v, want ErrNoScope", err)
		}
	}
}

func TestAfterRefuses(t *testing.T) {
	t.Parallel()
	keeperOnly := func() []Option { return nil }
	senderOnly := func() []Option {
		return []Option{WithStrategies(&outbound{name: "out", limits: driver.Limits{MessageBytes: 1000, Overhead: 100}})}
	}
	for name, tc := range map[string]struct {
		chain func() []Option
		task  Task
		opts  []AfterOption
		want  error
		cause error
	}{
		"zero task":                  {keeperOnly, Task{}, nil, ErrInvalidTask, nil},
		"no function":                {keeperOnly, Func("task", nil), nil, ErrInvalidTask, nil},
		"no name":                    {keeperOnly, Func("", nothing), nil, ErrInvalidTask, nil},
		"character in name":          {keeperOnly, Func("a b", nothing), nil, ErrInvalidTask, nil},
		"long name":                  {keeperOnly, Func(strings.Repeat("n", 129), nothing), nil, ErrInvalidTask, nil},
		"no attempt":                 {keeperOnly, Func("task", nothing), []AfterOption{MaxAttempts(0)}, ErrInvalidOption, nil},
		"negative timeout":           {keeperOnly, Func("task", nothing), []AfterOption{Timeout(-1)}, ErrInvalidOption, nil},
		"negative delay":             {keeperOnly, Func("task", nothing), []AfterOption{Delay(-1)}, ErrInvalidOption, nil},
		"no backoff":                 {keeperOnly, Func("task", nothing), []AfterOption{Backoff(0, time.Second)}, ErrInvalidOption, nil},
		"backoff above limit":        {keeperOnly, Func("task", nothing), []AfterOption{Backoff(2, 1)}, ErrInvalidOption, nil},
		"long ID":                    {keeperOnly, Func("task", nothing), []AfterOption{ID(strings.Repeat("i", driver.MaxIDBytes+1))}, ErrInvalidOption, nil},
		"long group":                 {keeperOnly, Func("task", nothing), []AfterOption{Group(strings.Repeat("g", 129))}, ErrInvalidOption, nil},
		"ID with a space":            {keeperOnly, Func("task", nothing), []AfterOption{ID("order 9")}, ErrInvalidOption, nil},
		"group with an umlaut":       {keeperOnly, Func("task", nothing), []AfterOption{Group("Müller")}, ErrInvalidOption, nil},
		"key with a line feed":       {keeperOnly, Func("task", nothing), []AfterOption{Deduplication("a\n")}, ErrInvalidOption, nil},
		"long deduplication":         {keeperOnly, Func("task", nothing), []AfterOption{Deduplication(strings.Repeat("d", 129))}, ErrInvalidOption, nil},
		"delay without a sender":     {keeperOnly, Func("task", nothing), []AfterOption{Delay(time.Second)}, ErrInvalidOption, nil},
		"input":                      {senderOnly, afterBad.With(unmarshalable{}), nil, ErrInput, errMarshal},
		"input that no worker reads": {senderOnly, afterRaw.With(json.RawMessage("\"\xff\"")), nil, ErrInput, nil},
		"size":                       {senderOnly, afterText.With(strings.Repeat("x", 1000)), nil, ErrTooLarge, nil},
		"closure":                    {senderOnly, Func("task", nothing), nil, ErrClosure, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, events := open(t, tc.chain()...)
			_, err := drive(o, func(ctx context.Context) (any, error) {
				err := After(ctx, tc.task, tc.opts...)
				if !errors.Is(err, tc.want) {
					t.Errorf("After = %v, want %v", err, tc.want)
				}
				if tc.cause != nil && !errors.Is(err, tc.cause) {
					t.Errorf("After = %v hides its cause %v", err, tc.cause)
				}
				return nil, nil
			})
			if err != nil {
				t.Errorf("a refused task failed the handler: %v", err)
			}
			if got := events.events(""); len(got) != 0 {
				t.Errorf("a refused task has events: %v", got)
			}
		})
	}
}

// What After takes as a key fits into an envelope, at any hop.
func TestLongestKeys(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out"}
	o, _ := open(t, WithStrategies(out))
	id, group, key := strings.Repeat("~", driver.MaxIDBytes), strings.Repeat("!", driver.MaxGroupBytes), strings.Repeat("/", driver.MaxDeduplicationBytes)
	if _, err := drive(o, func(ctx context.Context) (any, error) {
		return nil, After(ctx, afterText.With("in"), ID(id), Group(group), Deduplication(key))
	}); err != nil {
		t.Fatal(err)
	}
	m := out.calls()[0][0]
	e, err := driver.Decode(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != id || e.Group != group || e.Deduplication != key || m.ID != id || m.Group != group || m.Deduplication != key {
		t.Errorf("sent %+v with the envelope %+v", m, e)
	}
}

// The size counts the envelope and the sender's overhead: the largest input that fits is
// accepted, one byte more is not.
func TestAfterTooLargeIsExact(t *testing.T) {
	t.Parallel()
	const limit, overhead = 2000, 150
	largest := 0
	var size int
	for n := 1000; n < limit; n++ {
		out := &outbound{name: "out", limits: driver.Limits{MessageBytes: limit, Overhead: overhead}}
		o, _ := open(t, WithStrategies(out))
		var refused error
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			refused = After(ctx, afterText.With(strings.Repeat("x", n)), ID("same"))
			return nil, nil
		})
		if refused != nil {
			break
		}
		largest, size = n, len(out.calls()[0][0].Body)
	}
	if largest == 0 || size+overhead > limit || size+overhead < limit-8 {
		t.Errorf("the largest accepted body has %d bytes with %d of overhead; the limit is %d", size, overhead, limit)
	}
}

func TestAfterTooManyTasks(t *testing.T) {
	t.Parallel()
	o, events := open(t, WithMaxTasks(3))
	_, _ = drive(o, func(ctx context.Context) (any, error) {
		for i := range 5 {
			err := After(ctx, Func("task", nothing))
			if want := i >= 3; errors.Is(err, ErrTooManyTasks) != want {
				t.Errorf("After number %d = %v", i+1, err)
			}
		}
		return nil, nil
	})
	done := 0
	for _, e := range events.events("") {
		if e.Kind == Done {
			done++
		}
	}
	if done != 3 {
		t.Errorf("%d tasks were done, want 3", done)
	}
}

// A refused task does not use up a place.
func TestAfterRefusedTasksDoNotCount(t *testing.T) {
	t.Parallel()
	o, _ := open(t, WithMaxTasks(1), WithStrategies(&outbound{name: "out"}))
	_, _ = drive(o, func(ctx context.Context) (any, error) {
		for range 3 {
			if err := After(ctx, Func("closure", nothing)); !errors.Is(err, ErrClosure) {
				t.Errorf("After = %v, want ErrClosure", err)
			}
		}
		if err := After(ctx, afterText.With("fits")); err != nil {
			t.Errorf("After = %v; refused tasks were counted", err)
		}
		return nil, nil
	})
}

// A goroutine that outlives its invocation is told so.
func TestAfterIsClosedWithTheTail(t *testing.T) {
	t.Parallel()
	o, _ := open(t)
	over := make(chan struct{})
	stray := make(chan error)
	_, _ = drive(o, func(ctx context.Context) (any, error) {
		go func() {
			<-over
			stray <- After(ctx, Func("late", nothing))
		}()
		return nil, nil
	})
	close(over)
	if err := <-stray; !errors.Is(err, ErrClosed) {
		t.Errorf("After = %v, want ErrClosed", err)
	}
}

type contextKey string

func TestTaskContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, _ := open(t, WithBaseContext(context.WithValue(context.Background(), contextKey("base"), "b")))
		start := time.Now()
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			derived, cancel := context.WithCancel(context.WithValue(ctx, contextKey("own"), "o"))
			defer cancel()
			return nil, After(derived, Func("task", func(task context.Context) error {
				if ctx.Err() != nil && derived.Err() == nil {
					t.Error("the derived context should have been cancelled by the handler")
				}
				if derived.Err() == nil {
					t.Error("the task ran before the handler had returned")
				}
				if err := task.Err(); err != nil {
					t.Errorf("the task's context is over: %v", err)
				}
				for _, key := range []contextKey{"base", "own"} {
					if task.Value(key) == nil {
						t.Errorf("the value %q is missing", key)
					}
				}
				deadline, ok := task.Deadline()
				if want := start.Add(lambdaTimeout - DefaultMargin); !ok || !deadline.Equal(want) {
					t.Errorf("Deadline = %v, %v; want %v", deadline.Sub(start), ok, want.Sub(start))
				}
				info, ok := TaskFromContext(task)
				if !ok || info.Name != "task" || info.Attempt != 1 || info.ID == "" || !info.Accepted.Equal(start) {
					t.Errorf("TaskFromContext = %+v, %v", info, ok)
				}
				return nil
			}))
		})
	})
}

// IDs are given by the caller or unique.
func TestTaskIDs(t *testing.T) {
	t.Parallel()
	o, events := open(t)
	for range 2 {
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("random", nothing))
			_ = After(ctx, Func("random", nothing))
			return nil, After(ctx, Func("chosen", nothing), ID("order-7"))
		})
	}
	ids := map[string]int{}
	for _, e := range events.events("") {
		if e.Kind == Done {
			ids[e.Task.ID]++
		}
	}
	if len(ids) != 5 || ids["order-7"] != 2 {
		t.Errorf("IDs of 4 tasks without and 2 with the ID order-7: %v", ids)
	}
}
