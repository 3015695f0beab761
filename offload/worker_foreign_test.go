package offload_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-offload/lambda/offload"
)

// The handler's error does not fail the invocation if there are tasks in the batch; it is a failure to what the
// handler has deferred all the same, and to nothing else.
func TestHandlerFailsForForeignMessages(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, func(ctx context.Context, event struct {
		Records []struct{ Body string }
	},
	) error {
		what := event.Records[0].Body
		for id, opts := range map[string][]offload.AfterOption{what + "-success": {offload.OnlyOnSuccess()}, what + "-always": nil} {
			if err := offload.After(ctx, worker.With(work{t.Name(), id, ""}), append(opts, offload.ID(id))...); err != nil {
				t.Error(err)
			}
		}
		if what == "breaks" {
			return errors.New("broken")
		}
		return nil
	})
	f.failures(t, sqsEvent(true,
		message{id: "m1", group: "g", body: "works"},
		message{id: "m2", group: "h", body: string(workEnvelope(t, "a", "nest"))},
		message{id: "m3", group: "g", body: "breaks"},
		message{id: "m4", group: "h", body: string(workEnvelope(t, "b", "nest"))},
	))
	for id, kind := range map[string]offload.EventKind{
		"works-success": offload.HandedOver, "works-always": offload.HandedOver,
		"breaks-success": offload.Dropped, "breaks-always": offload.HandedOver,
		"a-nested": offload.HandedOver, "b-nested": offload.HandedOver,
	} {
		f.events.expectEnd(t, id, kind)
	}
	if ends := f.events.ends("breaks-success"); len(ends) == 1 && !errors.Is(ends[0].Err, offload.ErrHandlerFailed) {
		t.Error(ends[0].Err)
	}
}
