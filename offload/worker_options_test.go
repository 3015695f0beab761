package offload_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// timed waits for the end of its context; bounded does with a timeout of its definition.
var (
	timed   = offload.Define("options-test/timed", untilEnd)
	bounded = offload.Define("options-test/bounded", untilEnd, offload.Timeout(20*time.Second))
)

func untilEnd(ctx context.Context, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}

// A timeout that was chosen for one call holds wherever the task runs.
func TestTimeoutTravels(t *testing.T) {
	t.Parallel()
	const invocation = time.Hour - offload.DefaultMargin
	for name, c := range map[string]struct {
		task  offload.Task
		opts  []offload.AfterOption
		wire  time.Duration
		after time.Duration // the task's context ends
	}{
		"none":                      {timed.With(1), nil, 0, invocation},
		"of the definition":         {bounded.With(1), nil, 0, 20 * time.Second},
		"of the call":               {timed.With(1), []offload.AfterOption{offload.Timeout(5 * time.Second)}, 5 * time.Second, 5 * time.Second},
		"of both":                   {bounded.With(1), []offload.AfterOption{offload.Timeout(30 * time.Second)}, 30 * time.Second, 30 * time.Second},
		"switched off":              {bounded.With(1), []offload.AfterOption{offload.Timeout(0)}, driver.MaxTimeout, invocation},
		"below a millisecond":       {timed.With(1), []offload.AfterOption{offload.Timeout(1)}, time.Millisecond, time.Millisecond},
		"longer than the wire has":  {timed.With(1), []offload.AfterOption{offload.Timeout(1 << 62)}, driver.MaxTimeout, invocation},
		"another option, same time": {bounded.With(1), []offload.AfterOption{offload.Group("g")}, 0, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := wrap(t, &post{}, func(ctx context.Context) error { return offload.After(ctx, c.task, c.opts...) })
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if _, err := f.call(ctx, []byte("{}")); err != nil {
					t.Fatal(err)
				}
				body := f.post.take()[0].Body
				e, err := driver.Decode(body)
				if err != nil || e.Timeout != c.wire {
					t.Errorf("the envelope says %v, %v, want %v", e.Timeout, err, c.wire)
				}
				begin := time.Now()
				if _, err := f.call(ctx, body); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, offload.ErrDeadline) {
					t.Error(err)
				}
				if ran := time.Since(begin); ran != c.after {
					t.Errorf("the task's context ended after %v, want %v", ran, c.after)
				}
			})
		})
	}
}

// A delayed task that is sent on keeps the timeout of its call.
func TestTimeoutSurvivesADelay(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{limits: driver.Limits{MaxDelay: 15 * time.Minute}}, noHandler(t))
	body := envelope(t, bounded.Name(), "a", "1", dueIn(20*time.Minute), func(e *driver.Envelope) { e.Timeout = 7 * time.Second })
	if _, err := f.call(t.Context(), body); err != nil {
		t.Fatal(err)
	}
	e, err := driver.Decode(f.post.take()[0].Body)
	if err != nil || e.Timeout != 7*time.Second {
		t.Errorf("sent on with %v, %v", e, err)
	}
}
