package offload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// shelf is a sender to a queue that can be told when to deliver messages again.
type shelf struct {
	post
	answer func(context.Context) error // nil: no error

	mu    sync.Mutex
	calls []map[string]time.Duration // timeouts by message ID, of each call
}

func (s *shelf) ChangeVisibility(ctx context.Context, queue string, changes []driver.Visibility) error {
	call := map[string]time.Duration{}
	for _, c := range changes {
		call[strings.TrimPrefix(c.Receipt, "receipt of ")] = c.Timeout
	}
	if !strings.HasPrefix(queue, "arn:aws:sqs:eu-central-1:123456789012:tasks") {
		call["the wrong queue: "+queue] = 0
	}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	if s.answer == nil {
		return nil
	}
	return s.answer(ctx)
}

// only gives the single call.
func (s *shelf) only(t *testing.T) map[string]time.Duration {
	t.Helper()
	if len(s.calls) != 1 {
		t.Fatalf("the queue was told %d times: %v", len(s.calls), s.calls)
	}
	return s.calls[0]
}

func TestBackOffByReceiveCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		receives int
		mean     time.Duration
	}{
		{1, 15 * time.Second},
		{2, 30 * time.Second},
		{4, 2 * time.Minute},
		{1000, 15 * time.Minute}, // the limit
	} {
		s := &shelf{}
		f := wrapStrategy(t, s, noHandler(t))
		var batch []message
		for i := range 50 {
			id := fmt.Sprint("m", i)
			batch = append(batch, message{id: id, body: string(workEnvelope(t, id, "fail")), receives: c.receives})
		}
		f.failures(t, sqsEvent(false, batch...))
		var longest time.Duration
		waits := map[time.Duration]bool{}
		for id, wait := range s.only(t) {
			if wait < 0 || wait > 2*c.mean {
				t.Errorf("delivery %d: %s comes again after %v, the mean is %v", c.receives, id, wait, c.mean)
			}
			longest = max(longest, wait)
			waits[wait] = true
		}
		// That fifty draws stay in the lower half has a chance of 2 to the power of -50.
		if len(waits) < 40 || longest <= c.mean {
			t.Errorf("delivery %d: the waits do not spread up to twice the mean %v: %v", c.receives, c.mean, waits)
		}
	}
}

func TestBackOffByReason(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	f := wrapStrategy(t, s, func(context.Context, json.RawMessage) error { return errWork })
	got := f.failures(t, sqsEvent(false,
		message{id: "done", body: string(workEnvelope(t, "a", ""))},
		message{id: "failed", body: string(workEnvelope(t, "b", "fail"))},
		message{id: "panicked", body: string(workEnvelope(t, "c", "panic"))},
		message{id: "permanent", body: string(workEnvelope(t, "d", "never")), receives: 3},
		message{id: "unknown", body: string(envelope(t, "nobody-knows", "e", "{}"))},
		message{id: "newer", body: strings.Replace(string(workEnvelope(t, "f", "")), `"offloadversion":1`, `"offloadversion":2`, 1)},
		message{id: "foreign", body: "somebody else's"},
	))
	if len(got) != 6 {
		t.Errorf("failed %v", got)
	}
	told := s.only(t)
	for _, id := range []string{"failed", "panicked", "unknown", "newer", "permanent"} {
		wait, ok := told[id]
		if !ok || wait > 30*time.Second || (wait == 0) != (id == "permanent") {
			t.Errorf("%s comes again after %v, %t", id, wait, ok)
		}
	}
	if len(told) != 5 {
		t.Errorf("told about %v", told)
	}
}

// A task that waits in a FIFO queue for its time is delivered when it is due.
func TestBackOffUntilDue(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]time.Duration{time.Hour: time.Hour, 100 * time.Hour: 11 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{}
			f := wrapStrategy(t, s, noHandler(t))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := f.call(ctx, sqsEvent(true, message{id: "m", group: "g", body: string(workEnvelope(t, "a", "", dueIn(wait)))})); err != nil {
				t.Fatal(err)
			}
			if got := s.only(t)["m"]; got != want {
				t.Errorf("a task that is due in %v comes again after %v", wait, got)
			}
		})
	}
}

// The rest of a group comes again with the message it waits for.
func TestBackOffOfAGroup(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	f := wrapStrategy(t, s, func(context.Context, json.RawMessage) error { return errWork })
	f.failures(t, sqsEvent(true,
		message{id: "g1", group: "g", body: string(workEnvelope(t, "a", ""))},
		message{id: "g2", group: "g", body: string(workEnvelope(t, "b", "fail")), receives: 9},
		message{id: "h1", group: "h", body: "foreign"}, // the handler fails
		message{id: "g3", group: "g", body: string(workEnvelope(t, "c", ""))},
		message{id: "g4", group: "g", body: "foreign"},
		message{id: "h2", group: "h", body: string(workEnvelope(t, "d", ""))},
		message{id: "i1", group: "i", body: string(workEnvelope(t, "e", "never"))},
		message{id: "i2", group: "i", body: string(workEnvelope(t, "f", ""))},
	))
	told := s.only(t)
	if len(told) != 5 || told["g3"] != told["g2"] || told["g4"] != told["g2"] || told["i1"] != 0 || told["i2"] != 0 {
		t.Errorf("told %v", told)
	}
}

func TestRedeliveryOption(t *testing.T) {
	t.Parallel()
	fail := sqsEvent(false, message{id: "m", body: string(workEnvelope(t, "a", "fail")), receives: 1})
	s := &shelf{}
	wrapStrategy(t, s, noHandler(t), offload.WithRedelivery(0, 0)).failures(t, fail)
	if len(s.calls) != 0 {
		t.Errorf("switched off, and told %v", s.calls)
	}
	s = &shelf{}
	wrapStrategy(t, s, noHandler(t), offload.WithRedelivery(1, 1)).failures(t, fail)
	if wait := s.only(t)["m"]; wait > 2 {
		t.Errorf("comes again after %v", wait)
	}
	for _, bad := range [][2]time.Duration{{-1, 1}, {0, 1}, {2, 1}, {1, 6 * time.Hour}} {
		if _, err := offload.Wrap(noHandler(t), offload.WithStrategies(&shelf{}), offload.WithRedelivery(bad[0], bad[1])); !errors.Is(err, offload.ErrConfig) {
			t.Errorf("WithRedelivery(%v, %v): %v", bad[0], bad[1], err)
		}
	}
}

// Whatever comes of it, the answer to the queue is the same.
func TestQueueCannotBeTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(context.Context) error
		calls  int // in three batches
		logs   int
	}{
		"no permission": {func(context.Context) error {
			return backoff.Permanent(errors.New("sqs:ChangeMessageVisibility is missing"))
		}, 1, 1},
		"panic":     {func(context.Context) error { panic("broken") }, 1, 1},
		"throttled": {func(context.Context) error { return errors.New("throttled") }, 3, 0},
	} {
		var log bytes.Buffer
		s := &shelf{answer: c.answer}
		f := wrapStrategy(t, s, noHandler(t), offload.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		for range 3 {
			if got := f.failures(t, sqsEvent(false, message{id: "m", body: string(workEnvelope(t, "a", "fail"))})); len(got) != 1 {
				t.Errorf("%s: failed %v", name, got)
			}
		}
		if len(s.calls) != c.calls {
			t.Errorf("%s: the queue was told %d times, want %d", name, len(s.calls), c.calls)
		}
		if n := strings.Count(log.String(), "visibility timeout holds"); n != c.logs {
			t.Errorf("%s: logged %d times, want %d: %s", name, n, c.logs, log.String())
		}
	}
}

// A queue that does not answer costs two seconds, or what the invocation has left.
func TestAnswerDoesNotWaitForTheQueue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ timeout, most time.Duration }{
		{time.Minute, 2 * time.Second},
		{time.Second, 999 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{answer: func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}}
			f := wrapStrategy(t, s, noHandler(t))
			ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
			defer cancel()
			begin := time.Now()
			out, err := f.call(ctx, sqsEvent(false, message{id: "m", body: string(workEnvelope(t, "a", "fail"))}))
			if err != nil || !strings.Contains(out, `"m"`) {
				t.Errorf("%s, %v", out, err)
			}
			if took := time.Since(begin); took > c.most {
				t.Errorf("answered after %v of %v", took, c.timeout)
			}
		})
	}
}

// The tasks of a batch that runs long stay hidden until its invocation is over, those that are
// done too: they are deleted with the answer.
func TestLongBatchStaysHidden(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do      string
		timeout time.Duration
		runs    time.Duration // until the task is released
		want    []map[string]time.Duration
	}{
		"long": {"ignore", time.Minute, 20 * time.Second, []map[string]time.Duration{{"m1": 80 * time.Second, "m2": 80 * time.Second}}},
		"long, and fails": {"hang", time.Minute, time.Hour, []map[string]time.Duration{
			{"m1": 80 * time.Second, "m2": 80 * time.Second},
			{"m2": -1}, // some backoff
		}},
		"done in time":     {"ignore", time.Minute, 9 * time.Second, nil},
		"short invocation": {"ignore", 10 * time.Second, 9 * time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				released.Store(t.Name(), release)
				time.AfterFunc(c.runs, func() { close(release) })
				s := &shelf{}
				f := wrapStrategy(t, s, func(context.Context, json.RawMessage) error { return nil })
				ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
				defer cancel()
				if _, err := f.call(ctx, sqsEvent(false,
					message{id: "m1", body: string(workEnvelope(t, "a", ""))},
					message{id: "m2", body: string(workEnvelope(t, "b", c.do))},
					message{id: "m3", body: "somebody else's"},
				)); err != nil {
					t.Fatal(err)
				}
				if len(s.calls) != len(c.want) {
					t.Fatalf("told %v, want %v", s.calls, c.want)
				}
				for i, call := range s.calls {
					if len(call) != len(c.want[i]) {
						t.Errorf("told %v, want %v", call, c.want[i])
					}
					for id, want := range c.want[i] {
						if got, ok := call[id]; !ok || want >= 0 && got != want {
							t.Errorf("%s is hidden for %v, want %v", id, got, want)
						}
					}
				}
			})
		})
	}
}
