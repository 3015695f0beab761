package offload_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

func TestFIFOBatch(t *testing.T) {
	t.Parallel()
	var handled []string
	f := wrap(t, &post{}, func(_ context.Context, event struct {
		Records []struct{ MessageID string }
	},
	) error {
		for _, r := range event.Records {
			handled = append(handled, r.MessageID)
		}
		return nil
	})
	got := f.failures(t, sqsEvent(true,
		message{id: "m1", group: "g", body: string(workEnvelope(t, "a", ""))},
		message{id: "m2", group: "g", body: string(workEnvelope(t, "b", "fail"))},
		message{id: "m3", group: "h", body: string(workEnvelope(t, "c", "nest"))},
		message{id: "m4", group: "g", body: string(workEnvelope(t, "d", ""))},
		message{id: "m5", group: "g", body: "foreign"},
		message{id: "m6", group: "h", body: "foreign"},
		message{id: "m7", group: "h", body: string(workEnvelope(t, "e", ""))},
		message{id: "m8", group: "g", body: string(workEnvelope(t, "f", ""))},
	))
	if want := []string{"m2", "m4", "m5", "m8"}; !slices.Equal(got, want) {
		t.Errorf("failed %v, want %v", got, want)
	}
	ran := doneIn(t)
	slices.Sort(ran)
	if want := []string{"a", "b", "c", "e"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
	if !slices.Equal(handled, []string{"m6"}) {
		t.Errorf("the handler got %v", handled)
	}
}

// A group runs in order, whatever the concurrency.
func TestFIFOOrder(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, noHandler(t))
	var messages []message
	var want []string
	for i := range 10 {
		name := fmt.Sprint(i)
		want = append(want, name)
		messages = append(messages, message{id: "m" + name, group: "g", body: string(workEnvelope(t, name, ""))})
	}
	if failed := f.failures(t, sqsEvent(true, messages...)); len(failed) != 0 {
		t.Errorf("failed %v", failed)
	}
	if got := doneIn(t); !slices.Equal(got, want) {
		t.Errorf("ran %v", got)
	}
}
