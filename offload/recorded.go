package offload

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

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
