package offloadtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadtest"
)

func TestTasksHaveWhatWasDeferred(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	ctx := rec.Context(t.Context())
	in := map[string]string{"html": "<b>"}
	if err := offload.After(ctx, audit.With(in), offload.ID("id-1"), offload.Group("g"), offload.Deduplication("d"),
		offload.Delay(time.Minute), offload.Eager(), offload.OnlyOnSuccess(), offload.Timeout(time.Second)); err != nil {
		t.Fatal(err)
	}
	in["html"] = "changed later"
	after(t, ctx, sendReceipt.With(receipt{Order: "A-1"}), closure("webhook"))

	tasks := rec.Tasks()
	if len(tasks) != 3 {
		t.Fatalf("%d tasks", len(tasks))
	}
	first := tasks[0]
	if got := string(first.JSON); got != `{"html":"<b>"}` {
		t.Errorf("JSON %s", got)
	}
	first.Input, first.JSON = nil, nil
	want := offloadtest.Task{
		ID: "id-1", Name: "audit", Group: "g", Deduplication: "d", Delay: time.Minute,
		Eager: true, OnlyOnSuccess: true, MaxAttempts: offload.DefaultMaxAttempts, Timeout: time.Second,
	}
	if fmt.Sprintf("%+v", first) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", first, want)
	}
	if tasks[1].MaxAttempts != 7 {
		t.Errorf("the definition's MaxAttempts is %d", tasks[1].MaxAttempts)
	}
	if !tasks[2].Closure || tasks[2].JSON != nil || tasks[2].Input != nil || tasks[2].ID == "" || tasks[2].ID == tasks[1].ID {
		t.Errorf("closure: %+v", tasks[2])
	}
	tasks[0].JSON[0] = 'X'
	if rec.Tasks()[0].JSON[0] == 'X' {
		t.Error("the list is not a copy")
	}
}

func TestAfterRefusesAsInAFunction(t *testing.T) {
	t.Parallel()
	var tb fakeTB
	rec := offloadtest.New(&tb)
	ctx := rec.Context(t.Context())
	for _, test := range []struct {
		task offload.Task
		opt  offload.AfterOption
		want error
	}{
		{audit.With(make(chan int)), offload.Group(""), offload.ErrInput},
		{audit.With(1), offload.Delay(-1), offload.ErrInvalidOption},
		{offload.Task{}, offload.Group(""), offload.ErrInvalidTask},
	} {
		if err := offload.After(ctx, test.task, test.opt); !errors.Is(err, test.want) {
			t.Errorf("got %v, want %v", err, test.want)
		}
	}
	for _, clean := range tb.cleanups {
		clean()
	}
	if err := offload.After(ctx, audit.With(1)); !errors.Is(err, offload.ErrClosed) {
		t.Errorf("after the test: %v", err)
	}
	offloadtest.RequireNothingDeferred(t, rec)
}

func TestRunOrder(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	var order []string
	step := func(name string, nested ...offload.Task) offload.Task {
		return offload.Func(name, func(ctx context.Context) error {
			order = append(order, name)
			for _, task := range nested {
				if err := offload.After(ctx, task); err != nil {
					return err
				}
			}
			return nil
		})
	}
	ctx := rec.Context(t.Context())
	after(t, ctx, step("a", step("a1", step("a2"))), step("b", step("b1")))
	if err := rec.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, " "); got != "a b a1 b1 a2" {
		t.Errorf("order %s", got)
	}
	after(t, ctx, step("c"))
	if err := rec.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, " "); got != "a b a1 b1 a2 c" {
		t.Errorf("order after the second run %s", got)
	}
	if n := len(rec.Tasks()); n != 6 {
		t.Errorf("%d tasks are recorded", n)
	}
}

func TestRunNamesWhatFailed(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	ran := 0
	failing := errors.New("no connection")
	after(
		t, rec.Context(t.Context()),
		offload.Func("fails", func(context.Context) error { ran++; return failing }),
		offload.Func("panics", func(context.Context) error { ran++; panic("boom") }),
		offload.Func("works", func(context.Context) error { ran++; return nil }),
	)
	err := rec.Run(t.Context())
	var panicked *offload.PanicError
	if !errors.Is(err, failing) || !errors.As(err, &panicked) || panicked.Value != "boom" {
		t.Fatalf("got %v", err)
	}
	if msg := err.Error(); !strings.Contains(msg, `task "fails": no connection`) || !strings.Contains(msg, `task "panics": `) || strings.Contains(msg, "works") {
		t.Errorf("got %v", err)
	}
	if ran != 3 {
		t.Errorf("%d attempts, want one of each", ran)
	}
}

func TestRunContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	rec := offloadtest.New(t)
	handler, handled := context.WithCancel(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"}))
	ctx := context.WithValue(rec.Context(handler), key{}, "mine")
	before := time.Now()
	var info offload.TaskInfo
	run, cancel := context.WithCancel(t.Context())
	err := offload.After(ctx, offload.Func("looks", func(ctx context.Context) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the handler's end is the task's: %w", err)
		}
		if ctx.Value(key{}) != "mine" {
			return errors.New("the value of After's ctx is missing")
		}
		info, _ = offload.TaskFromContext(ctx)
		derived, stop := context.WithCancel(ctx)
		defer stop()
		cancel()
		<-derived.Done()
		return nil
	}), offload.ID("stable"))
	if err != nil {
		t.Fatal(err)
	}
	handled()
	if err := rec.Run(run); err != nil {
		t.Fatal(err)
	}
	if info.ID != "stable" || info.Name != "looks" || info.RequestID != "request-1" || info.Attempt != 1 || info.Hops != 0 ||
		info.Accepted.Before(before) || info.Accepted.After(time.Now()) {
		t.Errorf("TaskFromContext: %+v", info)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	run, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	var ran []string
	step := func(name string) offload.Task {
		return offload.Func(name, func(context.Context) error {
			ran = append(ran, name)
			cancel(cause)
			return nil
		})
	}
	after(t, rec.Context(t.Context()), step("a"), step("b"), step("c"))
	if err := rec.Run(run); !errors.Is(err, cause) || !strings.Contains(err.Error(), "2 of the recorded tasks did not run") {
		t.Fatalf("got %v", err)
	}
	if err := rec.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ran, []string{"a", "b", "c"}) {
		t.Errorf("ran %v", ran)
	}
}

func TestATaskThatDefersItselfEnds(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	var again func(ctx context.Context) error
	again = func(ctx context.Context) error { return offload.After(ctx, offload.Func("again", again)) }
	after(t, rec.Context(t.Context()), offload.Func("again", again))
	if err := rec.Run(t.Context()); !errors.Is(err, offload.ErrTooManyTasks) {
		t.Errorf("got %v", err)
	}
}

func TestFatalInsideATaskEndsTheTest(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	var tb fakeTB
	after(t, rec.Context(t.Context()), offload.Func("checks", func(context.Context) error {
		tb.Fatalf("not what I expected")
		return nil
	}))
	returned := false
	tb.during(func() {
		_ = rec.Run(t.Context())
		returned = true
	})
	if returned || tb.failure == "" {
		t.Errorf("returned %v, failure %q", returned, tb.failure)
	}
	if err := rec.Run(t.Context()); err != nil {
		t.Errorf("the recorder is unusable: %v", err)
	}
}

func TestAfterIsConcurrent(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	ctx := rec.Context(t.Context())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if err := offload.After(ctx, audit.With(1)); err != nil {
					t.Error(err)
				}
				_ = rec.Tasks()
			}
		})
	}
	all.Wait()
	if n := len(offloadtest.Inputs(rec, audit)); n != 400 {
		t.Errorf("%d tasks are recorded", n)
	}
}
