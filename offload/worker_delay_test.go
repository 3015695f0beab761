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

func dueIn(d time.Duration) func(*driver.Envelope) {
	return func(e *driver.Envelope) { e.NotBefore = e.Time.Add(d) }
}

func TestDelayIsSentOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := wrap(t, &post{limits: driver.Limits{MaxDelay: 15 * time.Minute}}, noHandler(t))
		body := workEnvelope(t, "a", "", dueIn(20*time.Minute), func(e *driver.Envelope) { e.Attempt = 3; e.Group = "g" })
		for _, want := range []time.Duration{15 * time.Minute, 5 * time.Minute} {
			if got := f.failures(t, sqsEvent(false, message{id: "m", body: string(body)})); len(got) != 0 {
				t.Fatalf("failed %v", got)
			}
			sent := f.post.take()
			if len(sent) != 1 || sent[0].ID != "a" || sent[0].Delay != want || sent[0].Group != "g" {
				t.Fatalf("sent %+v, want a delay of %v", sent, want)
			}
			e, err := driver.Decode(sent[0].Body)
			if err != nil {
				t.Fatal(err)
			}
			if e.Hops != sent[0].Hops || e.Attempt != 3 || e.NotBefore.Sub(e.Time) != 20*time.Minute {
				t.Errorf("sent on %+v", e)
			}
			body = sent[0].Body
			<-time.After(want)
		}
		if got := doneIn(t); len(got) != 0 {
			t.Errorf("ran before its time: %v", got)
		}
		if _, err := f.call(t.Context(), body); err != nil {
			t.Fatal(err)
		}
		if info := seenBy(t, "a"); info.Hops != 3 || info.Attempt != 4 {
			t.Errorf("the task saw %+v", info)
		}
	})
}

// Where nothing can hold a task back, the worker waits if it has the time.
func TestDelayIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, p := range map[string]*post{
			"immediate": {},
			"ordered":   {limits: driver.Limits{Ordered: true}},
		} {
			f := wrap(t, p, noHandler(t))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			begin := time.Now()
			if _, err := f.call(ctx, workEnvelope(t, name, "", dueIn(20*time.Second))); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begin); waited != 20*time.Second {
				t.Errorf("%s: waited %v", name, waited)
			}
			if _, err := f.call(ctx, workEnvelope(t, name, "", dueIn(time.Hour))); !errors.Is(err, offload.ErrNotDue) {
				t.Errorf("%s: %v", name, err)
			}
			if waited := time.Since(begin); waited != 20*time.Second {
				t.Errorf("%s: waited in vain until %v", name, waited)
			}
		}
		if got := doneIn(t); len(got) != 2 {
			t.Errorf("ran %v", got)
		}
	})
}

// A message of a FIFO queue keeps its place.
func TestDelayInFIFO(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := wrap(t, &post{limits: driver.Limits{MaxDelay: time.Minute}}, noHandler(t))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := f.call(ctx, sqsEvent(true,
			message{id: "m1", group: "g", body: string(workEnvelope(t, "a", "", dueIn(5*time.Minute)))},
			message{id: "m2", group: "g", body: string(workEnvelope(t, "b", ""))},
		))
		if want := `{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]}`; err != nil || out != want {
			t.Errorf("%s, %v", out, err)
		}
		if len(f.post.take()) != 0 || len(doneIn(t)) != 0 {
			t.Error("sent on or run")
		}
	})
}

func TestDelayThatNobodyOffers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		longest, delay time.Duration
		ok             bool
	}{
		"none":         {0, time.Second, false},
		"one hop":      {15 * time.Minute, 15 * time.Minute, true},
		"several hops": {15 * time.Minute, 3 * time.Hour, true},
		"too many":     {15 * time.Minute, 4 * time.Hour, false},
	} {
		var deferred error
		f := wrap(t, &post{limits: driver.Limits{MaxDelay: c.longest}}, func(ctx context.Context) {
			deferred = offload.After(ctx, worker.With(work{}), offload.Delay(c.delay))
		})
		if _, err := f.call(t.Context(), []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if errors.Is(deferred, offload.ErrInvalidOption) == c.ok || c.ok && deferred != nil {
			t.Errorf("%s: %v", name, deferred)
		}
		if sent := f.post.take(); c.ok != (len(sent) == 1) {
			t.Errorf("%s: sent %v", name, sent)
		} else if c.ok && sent[0].Delay > c.longest {
			t.Errorf("%s: sent with %v", name, sent[0].Delay)
		}
	}
}
