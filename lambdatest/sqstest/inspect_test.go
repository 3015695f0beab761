package sqstest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

func TestSnapshot(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		q := srv.Queue("q")
		if q.Snapshot().Exists || q.Counts() != (sqstest.Counts{}) {
			e.Error("the queue exists before it is created")
		}
		url := e.queue("q", attrs{"VisibilityTimeout": "10"})
		start := time.Now()
		e.send(url, "taken", with("k", text("v")), group("tenant"), trace(aTrace))
		e.one(url)
		e.send(url, "waiting")
		e.send(url, "later", delay(60))
		snap := q.Snapshot()
		if !snap.Exists || snap.Counts != (sqstest.Counts{Visible: 1, InFlight: 1, Delayed: 1}) || snap.Total() != 3 {
			e.Errorf("counts %+v", snap.Counts)
		}
		if len(snap.Messages) != 3 {
			e.Fatalf("%d messages", len(snap.Messages))
		}
		taken, waits, later := snap.Messages[0], snap.Messages[1], snap.Messages[2]
		if taken.Body != "taken" || taken.State != sqstest.InFlight || taken.Receives != 1 || taken.Attributes["k"] != "v" ||
			taken.GroupID != "tenant" || taken.TraceHeader != aTrace || !taken.VisibleAt.Equal(start.Add(10*time.Second)) {
			e.Errorf("taken = %+v", taken)
		}
		if waits.Body != "waiting" || waits.State != sqstest.Visible || waits.Receives != 0 || !waits.VisibleAt.IsZero() {
			e.Errorf("waiting = %+v", waits)
		}
		if later.State != sqstest.Delayed || !later.VisibleAt.Equal(start.Add(time.Minute)) || !later.Sent.Equal(start) {
			e.Errorf("later = %+v", later)
		}
		// Looking counts as no request and settles what is due.
		e.pass(10 * time.Second)
		if got := q.Counts(); got != (sqstest.Counts{Visible: 2, Delayed: 1}) {
			e.Errorf("counts %+v after the visibility timeout", got)
		}
		if got := q.Snapshot().Requests; got["SendMessage"] != (sqstest.RequestCount{Calls: 3, Entries: 3}) || got["ReceiveMessage"].Calls != 1 || got["GetQueueAttributes"].Calls != 0 {
			e.Errorf("requests %v", got)
		}
		if q.Name() != "q" || !slices.Equal(srv.Queues(), []string{"q"}) {
			e.Errorf("queues %v", srv.Queues())
		}
	})
}

func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		one, two := e.queue("one", nil), e.queue("two", nil)
		for range 3 {
			if _, err := e.sendBatch(one, entries(10)...); err != nil {
				e.Fatal(err)
			}
		}
		e.send(two, "x")
		if _, err := e.sendBatch(two, entries(11)...); err == nil {
			e.Fatal("11 entries are accepted")
		}
		if got, want := srv.Requests()["SendMessageBatch"], (sqstest.RequestCount{Calls: 4, Entries: 31, Errors: 1}); got != want {
			e.Errorf("SendMessageBatch = %+v, want %+v", got, want)
		}
		if got, want := srv.Queue("one").Snapshot().Requests["SendMessageBatch"], (sqstest.RequestCount{Calls: 3, Entries: 30}); got != want {
			e.Errorf("of queue one: %+v, want %+v", got, want)
		}
		if got := srv.Requests()["CreateQueue"].Calls; got != 2 {
			e.Errorf("CreateQueue = %d, want 2", got)
		}
	})
}

func TestWait(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		q := srv.Queue("q")
		go func() {
			url := e.queue("q", nil)
			e.pass(time.Second)
			e.send(url, "a")
			e.pass(time.Second)
			e.send(url, "b", delay(30))
		}()
		start := time.Now()
		for _, step := range []struct {
			what string
			done func(sqstest.Snapshot) bool
			at   time.Duration
		}{
			{"the queue", func(s sqstest.Snapshot) bool { return s.Exists }, 0},
			{"a message", func(s sqstest.Snapshot) bool { return s.Total() == 1 }, time.Second},
			{"two messages", func(s sqstest.Snapshot) bool { return s.Total() == 2 }, 2 * time.Second},
			// Nothing but time makes these two true.
			{"the end of the delay", func(s sqstest.Snapshot) bool { return s.Visible == 2 }, 32 * time.Second},
			{"the end of retention", func(s sqstest.Snapshot) bool { return s.Total() == 0 }, 4*24*time.Hour + 2*time.Second},
		} {
			snap, err := q.Wait(e.Context(), func(s sqstest.Snapshot) bool {
				srv.Queue("q").Counts() // done may use the server
				return step.done(s)
			})
			if err != nil || !step.done(snap) {
				e.Fatalf("%s: %+v, %v", step.what, snap, err)
			}
			if took := time.Since(start); took < step.at || took > step.at+20*time.Millisecond {
				e.Errorf("%s was seen after %v, want %v", step.what, took, step.at)
			}
		}
		ctx, cancel := context.WithTimeout(e.Context(), time.Second)
		defer cancel()
		if snap, err := q.Wait(ctx, func(sqstest.Snapshot) bool { return false }); !errors.Is(err, context.DeadlineExceeded) || !snap.Exists {
			e.Errorf("Wait = %+v, %v; want the last snapshot and the deadline", snap, err)
		}
	})
}

// A request that changes no message is seen too.
func TestWaitForRequests(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		url := e.queue("q", nil)
		go func() {
			e.pass(time.Second)
			e.attributes(url)
		}()
		start := time.Now()
		if _, err := srv.Queue("q").Wait(e.Context(), func(s sqstest.Snapshot) bool { return s.Requests["GetQueueAttributes"].Calls == 1 }); err != nil {
			e.Fatal(err)
		}
		if took := time.Since(start); took > 2*time.Second {
			e.Errorf("the request was seen after %v, want 1 s", took)
		}
	})
}
