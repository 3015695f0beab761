package offload_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

func TestStandardBatch(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, noHandler(t))
	got := f.failures(t, sqsEvent(false,
		message{id: "m1", body: string(workEnvelope(t, "a", "nest"))},
		message{id: "m2", body: string(workEnvelope(t, "b", "fail", func(e *driver.Envelope) { e.Attempt = 2 })), receives: 4},
		message{id: "m3", body: string(workEnvelope(t, "c", "nest and fail"))},
		message{id: "m4", body: string(workEnvelope(t, "d", "panic"))},
		message{id: "m5", body: string(workEnvelope(t, "e", "nest"))},
	))
	if want := []string{"m2", "m3", "m4"}; !slices.Equal(got, want) {
		t.Errorf("failed %v, want %v", got, want)
	}
	if info := seenBy(t, "b"); info.Attempt != 6 {
		t.Errorf("attempt %d, want 2 before the hop and 4 deliveries", info.Attempt)
	}
	for id, kind := range map[string]offload.EventKind{
		"a": offload.Done, "b": offload.Failed, "c": offload.Failed, "d": offload.Failed, "e": offload.Done,
		"a-nested": offload.HandedOver, "c-success": offload.Dropped, "c-always": offload.HandedOver,
	} {
		f.events.expectEnd(t, id, kind)
	}
	if len(f.post.batches) != 1 {
		t.Errorf("what the batch deferred left in %d batches", len(f.post.batches))
	}
}

// As many tasks of a standard queue run at once as WithConcurrency says, and no more.
func TestStandardBatchRunsConcurrently(t *testing.T) {
	t.Parallel()
	const n, atOnce = 9, 3
	synctest.Test(t, func(t *testing.T) {
		f := wrap(t, &post{}, noHandler(t), offload.WithConcurrency(atOnce))
		var batch []message
		for i := range n {
			id := fmt.Sprint("m", i)
			batch = append(batch, message{id: id, body: string(workEnvelope(t, id, "nap"))})
		}
		begin := time.Now()
		if failed := f.failures(t, sqsEvent(false, batch...)); len(failed) != 0 {
			t.Errorf("failed %v", failed)
		}
		if took := time.Since(begin); took != n/atOnce*napTime {
			t.Errorf("%d tasks, %d at once, of %v each took %v", n, atOnce, napTime, took)
		}
	})
}

func TestMixedBatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		result any
		err    error
		want   []string
	}{
		"null":         {nil, nil, []string{"m3"}},
		"empty string": {"", nil, []string{"m3"}},
		"no failures":  {map[string]any{"batchItemFailures": []any{}}, nil, []string{"m3"}},
		"one failure":  {map[string]any{"batchItemFailures": []any{map[string]string{"itemIdentifier": "m4"}}}, nil, []string{"m3", "m4"}},
		"unknown id":   {map[string]any{"batchItemFailures": []any{map[string]string{"itemIdentifier": "m1"}}}, nil, []string{"m2", "m3", "m4"}},
		"empty id":     {map[string]any{"batchItemFailures": []any{map[string]string{}}}, nil, []string{"m2", "m3", "m4"}},
		"other shape":  {"done", nil, []string{"m2", "m3", "m4"}},
		"error":        {nil, errors.New("broken"), []string{"m2", "m3", "m4"}},
	} {
		var events []string
		f := wrap(t, &post{}, func(_ context.Context, event json.RawMessage) (any, error) {
			events = append(events, string(event))
			return c.result, c.err
		})
		got := f.failures(t, sqsEvent(false,
			message{id: "m1", body: string(workEnvelope(t, "a", ""))},
			message{id: "m2", body: "somebody else's"},
			message{id: "m3", body: string(workEnvelope(t, "b", "fail"))},
			message{id: "m4", body: `{"specversion":"1.0","type":"not-ours"}`},
		))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: failed %v, want %v", name, got, c.want)
		}
		want := sqsEvent(false, message{id: "m2", body: "somebody else's"}, message{id: "m4", body: `{"specversion":"1.0","type":"not-ours"}`})
		if len(events) != 1 || events[0] != string(want) {
			t.Errorf("%s: the handler got %v\nwant %s", name, events, want)
		}
	}
}

// Shortly before the deadline the worker answers, for the sake of the tasks that are done.
func TestDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	released.Store(t.Name(), release)
	for _, do := range []string{"hang", "ignore"} {
		f := wrap(t, &post{}, noHandler(t), offload.WithMargin(1800*time.Millisecond))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		out, err := f.call(ctx, sqsEvent(false,
			message{id: "m1", body: string(workEnvelope(t, do+"1", ""))},
			message{id: "m2", body: string(workEnvelope(t, do+"2", do))},
		))
		early := ctx.Err() == nil
		cancel()
		if err != nil || out != `{"batchItemFailures":[{"itemIdentifier":"m2"}]}` || !early {
			t.Errorf("%s: %s, %v, before the deadline: %v", do, out, err, early)
		}
		f.events.expectEnd(t, do+"2", offload.Failed)
		if ends := f.events.ends(do + "2"); len(ends) == 1 && !errors.Is(ends[0].Err, offload.ErrDeadline) {
			t.Errorf("%s: %v", do, ends[0].Err)
		}
	}
}
