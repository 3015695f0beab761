package offload

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload/internal/deferral"
)

// WithRecorder gives a context in which After passes tasks to a recorder, as package offloadtest makes
// them for unit tests; use that. It is here so that programs without a recorder do not link what it needs.
func WithRecorder(ctx context.Context, r deferral.Recorder) context.Context {
	return context.WithValue(ctx, acceptorKey{}, recorderScope{r})
}

// recorderScope is in the place of a scope.
type recorderScope struct{ recorder deferral.Recorder }

// accept passes a task to the recorder, after the checks that do not depend on a strategy.
func (r recorderScope) accept(ctx context.Context, task Task, opts []AfterOption) error {
	if err := task.validate(); err != nil {
		return err
	}
	set, err := settingsFor(task, opts)
	if err != nil {
		return err
	}
	id := set.id
	if id == "" {
		id = newScopeID().task(1)
	}
	d := deferral.Deferred{
		ID:            id,
		Name:          task.name,
		Run:           task.recorded(ctx, id),
		Group:         set.group,
		Deduplication: set.deduplication,
		Delay:         set.delay,
		Eager:         set.eager,
		OnlyOnSuccess: set.onlyOnSuccess,
		MaxAttempts:   set.maxAttempts,
		Timeout:       set.timeout,
	}
	if task.def != nil {
		d.Input = task.in
		d.Encode = task.encodeInput
		if _, err := task.encodeInput(); err != nil {
			return err // as any chain with a sender would
		}
	}
	return r.recorder.Record(d)
}

// recorded gives one attempt of a task that a recorder accepted in the place of an
// invocation. The context of the attempt is put together as an entry's is: values of the
// ctx that After got, deadline and cancellation of the one who runs it.
func (t Task) recorded(ctx context.Context, id string) func(context.Context) error {
	of := recordedRun{
		about: TaskInfo{ID: id, Name: t.name, Attempt: 1, Accepted: time.Now()},
	}
	if outer, ok := ctx.(*recordedRun); ok {
		of.values = outer.values // however deep tasks are nested, values stay near
	} else {
		of.values = context.WithoutCancel(ctx)
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		of.about.RequestID = lc.AwsRequestID
	}
	return func(ctx context.Context) error {
		run := of
		run.Context = ctx
		return t.attempt(&run)
	}
}

// recordedRun is the context of such an attempt.
type recordedRun struct {
	context.Context // the deadline and the cancellation
	values          context.Context
	about           TaskInfo
}

func (r *recordedRun) Value(key any) any {
	if _, ok := key.(taskKey); ok {
		return r
	}
	if v := r.values.Value(key); v != nil {
		return v
	}
	return r.Context.Value(key) // the key under which package context finds the canceller
}

func (r *recordedRun) info() TaskInfo { return r.about }
