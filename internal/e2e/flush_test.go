package e2e

import (
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

func flushing(t trial, how string) *function {
	t.Helper()
	return start(t, config{strategy: t.strategy, start: how, Function: lambdatest.Function{Env: map[string]string{"E2E_FLUSH": "1"}}})
}

// flushedLast fails unless the invocation was flushed once, after its task and before the freeze.
func (f *function) flushedLast(t trial, requestID, task string) {
	t.Helper()
	flushed := f.one(t, "flushed", "", requestID).Time
	if task != "" {
		if ended := f.one(t, "done", task, requestID).Time; flushed.Before(ended) {
			t.Errorf("flushed at %v, before the end of the task at %v", flushed, ended)
		}
	}
	for _, e := range f.Events() {
		if e.Kind == lambdatest.EventReport && e.RequestID == requestID && e.Time.Before(flushed) {
			t.Errorf("flushed at %v, after the invocation at %v", flushed, e.Time)
		}
	}
}

// Whatever becomes of an invocation, the flush is the last of it, and the caller has the answer by then.
func TestFlush(t *testing.T) {
	onEach(t, func(t trial) {
		for name, c := range map[string]struct {
			event  event
			task   string
			answer lambdatest.EventKind
		}{
			"success": {event{Tasks: []task{{Name: "task"}}}, "task", lambdatest.EventResponseEnd},
			"nothing": {event{}, "", lambdatest.EventResponseEnd},
			"error":   {event{Do: "error", Tasks: []task{{Name: "task"}}}, "task", lambdatest.EventErrorReported},
		} {
			t.sub(name, func(t trial) {
				f := flushing(t, "offload")
				for range 2 {
					res := f.call(t, c.event)
					f.over(t, res.RequestID)
					f.flushedLast(t, res.RequestID, c.task)
					if answered, flushed := f.at(t, c.answer, res.RequestID), f.one(t, "flushed", "", res.RequestID).Time; flushed.Before(answered) {
						t.Errorf("flushed at %v, before the answer at %v", flushed, answered)
					}
				}
			})
		}
	})
}

// The process is about to exit, and with Wrap the caller waits: flushed all the same.
func TestFlushOfAPanic(t *testing.T) {
	onEach(t, func(t trial) {
		for _, how := range []string{"offload", "wrap"} {
			t.sub(how, func(t trial) {
				f := flushing(t, how)
				res := f.call(t, event{Do: "panic", Tasks: []task{{Name: "task"}}})
				f.over(t, res.RequestID)
				f.flushedLast(t, res.RequestID, "task")
			})
		}
	})
}

// With an extension registered Lambda announces the end, and there is one more flush.
func TestFlushAtSIGTERM(t *testing.T) {
	t.Parallel()
	f := flushing(trial{t, "extension"}, "offload")
	res := f.call(t, event{})
	f.over(t, res.RequestID)
	if n := f.count(t, "flushed", "", ""); n != 1 {
		t.Fatalf("flushed %d times", n)
	}
	if err := f.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.count(t, "flushed", "", ""); n != 2 {
		t.Errorf("flushed %d times, want once more at SIGTERM", n)
	}
}
