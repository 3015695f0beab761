package offload_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// What a task defers has left before the task is acknowledged.
func TestNested(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, noHandler(t), offload.WithHandOff(offload.HandOffAfter))
	if _, err := f.call(t.Context(), workEnvelope(t, "a", "nest", func(e *driver.Envelope) { e.Hops = 7 })); err != nil {
		t.Fatal(err)
	}
	sent := f.post.take()
	if len(sent) != 1 || sent[0].Hops != 8 {
		t.Fatalf("sent %+v", sent)
	}
	nested, err := driver.Decode(sent[0].Body)
	if err != nil || nested.Hops != 8 {
		t.Errorf("%+v, %v", nested, err)
	}

	_, err = f.call(t.Context(), workEnvelope(t, "b", "nest", func(e *driver.Envelope) { e.Hops = 14 }))
	if !errors.Is(err, offload.ErrTooManyHops) {
		t.Errorf("after 14 hops: %v", err)
	}

	f.post.refuse = func(driver.Message) error { return backoff.Permanent(errors.New("full")) }
	if _, err = f.call(t.Context(), workEnvelope(t, "c", "nest")); !errors.Is(err, offload.ErrHandOver) {
		t.Errorf("nobody has the nested task, and its parent is acknowledged: %v", err)
	}
	f.events.expectEnd(t, "c-nested", offload.Dropped)
}

// A worker's invocation has a tail like any other.
func TestNestedInTheTail(t *testing.T) {
	t.Parallel()
	p := &post{}
	f := wrapStrategy(t, &keeper{}, noHandler(t), offload.WithStrategies(&keeper{}, p))
	for _, event := range [][]byte{
		workEnvelope(t, "a", "nest"),
		sqsEvent(false, message{id: "m", body: string(workEnvelope(t, "b", "nest"))}),
	} {
		if _, err := f.call(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := doneIn(t), []string{"a", "a/nested", "b", "b/nested"}; !slices.Equal(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
	if info := seenBy(t, "a/nested"); info.Hops != 1 || info.Attempt != 1 {
		t.Errorf("the nested task saw %+v", info)
	}
	if sent := p.take(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

// A nested task that nobody takes fails its own message only.
func TestNestedRefusalInBatch(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{refuse: func(m driver.Message) error {
		if m.ID == "b-nested" {
			return backoff.Permanent(errors.New("refused"))
		}
		return nil
	}}, noHandler(t))
	got := f.failures(t, sqsEvent(false,
		message{id: "m1", body: string(workEnvelope(t, "a", "nest"))},
		message{id: "m2", body: string(workEnvelope(t, "b", "nest"))},
	))
	if !slices.Equal(got, []string{"m2"}) {
		t.Errorf("failed %v", got)
	}
}

// What a task of a group defers has left before the next one runs.
func TestFIFONestedRefusal(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{refuse: func(driver.Message) error { return backoff.Permanent(errors.New("refused")) }}, noHandler(t))
	got := f.failures(t, sqsEvent(true,
		message{id: "m1", group: "g", body: string(workEnvelope(t, "a", "nest"))},
		message{id: "m2", group: "g", body: string(workEnvelope(t, "b", ""))},
	))
	if !slices.Equal(got, []string{"m1", "m2"}) {
		t.Errorf("failed %v", got)
	}
	if ran := doneIn(t); !slices.Equal(ran, []string{"a"}) {
		t.Errorf("ran %v", ran)
	}
}

// What a task defers for its success does not leave with what the task of another group has deferred.
func TestFIFONestedOnlyOnSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := wrap(t, &post{}, noHandler(t))
		got := f.failures(t, sqsEvent(true,
			message{id: "m1", group: "g", body: string(workEnvelope(t, "a", "nest and fail late"))},
			message{id: "m2", group: "h", body: string(workEnvelope(t, "b", "nap and nest"))},
		))
		if !slices.Equal(got, []string{"m1"}) {
			t.Errorf("failed %v", got)
		}
		var sent []string
		for _, m := range f.post.take() {
			sent = append(sent, m.ID)
		}
		if !slices.Equal(sent, []string{"b-nested"}) {
			t.Errorf("sent %v", sent)
		}
		f.events.expectEnd(t, "a-success", offload.Dropped)
	})
}
