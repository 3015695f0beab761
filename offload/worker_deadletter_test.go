package offload_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// grave is a shelf with a place for dead letters.
type grave struct {
	shelf
	refuse func(context.Context) error // nil: takes everything

	lettersMu sync.Mutex
	letters   []driver.DeadLetter
}

func (g *grave) DeadLetter(ctx context.Context, letter driver.DeadLetter) error {
	if g.refuse != nil {
		return g.refuse(ctx)
	}
	g.lettersMu.Lock()
	defer g.lettersMu.Unlock()
	g.letters = append(g.letters, letter)
	return nil
}

func TestPermanentFailureIsBuried(t *testing.T) {
	t.Parallel()
	g := &grave{}
	f := wrapStrategy(t, g, noHandler(t))
	hopeless := string(workEnvelope(t, "a", "never", func(e *driver.Envelope) { e.Group = "g"; e.Hops = 3 }))
	got := f.failures(t, sqsEvent(false,
		message{id: "m1", body: hopeless},
		message{id: "m2", body: string(workEnvelope(t, "b", "fail"))},
		message{id: "m3", body: string(workEnvelope(t, "c", "panic"))},
		message{id: "m4", body: string(envelope(t, "nobody-knows", "d", "{}"))},
		message{id: "m5", body: string(workEnvelope(t, "e", ""))},
	))
	if want := []string{"m2", "m3", "m4"}; !slices.Equal(got, want) {
		t.Errorf("failed %v, want %v", got, want)
	}
	if len(g.letters) != 1 {
		t.Fatalf("buried %+v", g.letters)
	}
	l := g.letters[0]
	if l.ID != "a" || l.Task != "worker-test" || string(l.Body) != hopeless || l.Group != "g" || l.Hops != 3 || l.Deduplication != "a" ||
		l.RequestID != "request-1" || !strings.Contains(l.Reason, errWork.Error()) {
		t.Errorf("buried %+v", l)
	}
	f.events.expectEnd(t, "a", offload.Failed)
}

// A task that is buried holds up nobody.
func TestBuriedInAGroup(t *testing.T) {
	t.Parallel()
	g := &grave{}
	f := wrapStrategy(t, g, noHandler(t))
	got := f.failures(t, sqsEvent(true,
		message{id: "m1", group: "g", body: string(workEnvelope(t, "a", "never"))},
		message{id: "m2", group: "g", body: string(workEnvelope(t, "b", ""))},
	))
	if ran := doneIn(t); len(got) != 0 || !slices.Equal(ran, []string{"a", "b"}) || len(g.letters) != 1 {
		t.Errorf("failed %v, ran %v, buried %v", got, ran, g.letters)
	}
}

// A message that cannot be put aside stays where it is.
func TestNotBuried(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(context.Context) error{
		"no place":      func(context.Context) error { return errors.ErrUnsupported },
		"refused":       func(context.Context) error { return backoff.Permanent(errors.New("refused")) },
		"panic":         func(context.Context) error { panic("broken") },
		"never answers": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		synctest.Test(t, func(t *testing.T) {
			g := &grave{refuse: refuse}
			f := wrapStrategy(t, g, noHandler(t))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			begin := time.Now()
			out, err := f.call(ctx, sqsEvent(false, message{id: "m", body: string(workEnvelope(t, "a", "never"))}))
			if err != nil || out != `{"batchItemFailures":[{"itemIdentifier":"m"}]}` {
				t.Errorf("%s: %s, %v", name, out, err)
			}
			if wait, ok := g.only(t)["m"]; !ok || wait != 0 {
				t.Errorf("%s: comes again after %v, %t", name, wait, ok)
			}
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("%s: answered after %v", name, took)
			}
		})
	}
}

// What is permanent about a hand-over is not so about the task that asked for it.
func TestRefusedNestedTaskIsNoPermanentFailure(t *testing.T) {
	t.Parallel()
	g := &grave{}
	g.post.refuse = func(driver.Message) error { return backoff.Permanent(errors.New("no such queue")) }
	f := wrapStrategy(t, g, noHandler(t), offload.WithRedelivery(time.Hour, time.Hour))
	for range 20 {
		f.failures(t, sqsEvent(false, message{id: "m", body: string(workEnvelope(t, "a", "nest"))}))
	}
	if len(g.letters) != 0 {
		t.Errorf("buried %v", g.letters)
	}
	waited := false
	for _, call := range g.calls {
		waited = waited || call["m"] > time.Second
	}
	if !waited {
		t.Errorf("comes again at once: %v", g.calls)
	}
}
