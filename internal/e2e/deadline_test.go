package e2e

import (
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// short is a function whose tasks are cancelled 1 s after the event, given up at 1.5 s, and whose sandbox would be reset
// at 2 s.
func short(strategy string) config {
	return config{strategy: strategy, Function: lambdatest.Function{
		Timeout: 2 * time.Second,
		Env:     map[string]string{"OFFLOAD_MARGIN": "1s"},
	}}
}

// A task that looks at its context ends in time; nothing times out.
func TestTaskOutlivesDeadline(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, short(t.strategy))
		res := f.call(t, event{Tasks: []task{{Name: "long", Do: "until-cancelled"}, {Name: "quick"}}})
		if string(res.Payload) != `"ok"` {
			t.Errorf("%q %s", res.FunctionError, res.Payload)
		}
		if report := f.over(t, res.RequestID); report.Status != "success" {
			t.Errorf("%+v", report)
		}
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "quick")
		const reason = "the invocation's deadline came first"
		if cause := f.one(t, "cancelled", "long", res.RequestID).Error; cause != "offload: "+reason {
			t.Errorf("the task's context ended with %q", cause)
		}
		f.ended(t, res.RequestID, "long", "dropped", reason)
		contains(t, f.LogText(), "offload: task dropped", reason)
		f.survives(t, res)
	})
}

// A task that does not look at its context is given up, with all that waited behind it; nothing times out either.
func TestTaskIgnoresDeadline(t *testing.T) {
	onEach(t, func(t trial) {
		c := short(t.strategy)
		c.Env["OFFLOAD_CONCURRENCY"] = "1"
		f := start(t, c)
		res := f.call(t, event{Tasks: []task{{Name: "quick"}, {Name: "deaf", Do: "ignore"}, {Name: "behind"}}})
		if report := f.over(t, res.RequestID); report.Status != "success" {
			t.Errorf("%+v", report)
		}
		const reason = "the invocation's deadline came first"
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "quick")
		f.ended(t, res.RequestID, "deaf", "dropped", reason)
		f.ended(t, res.RequestID, "behind", "dropped", reason)
		if f.count(t, "began", "behind", "") != 0 {
			t.Error("a task was started behind one that never ended, one at a time")
		}
		f.survives(t, res)
	})
}

// After a failed handler the same holds.
func TestDeadlineAfterHandlerError(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, short(t.strategy))
		res := f.call(t, event{Do: "error", Tasks: []task{{Name: "long", Do: "until-cancelled"}}})
		if report := f.over(t, res.RequestID); report.Status != "error" {
			t.Errorf("%+v", report)
		}
		f.ended(t, res.RequestID, "long", "dropped", "the invocation's deadline came first")
		f.survives(t, res)
	})
}

// A task that ends its goroutine has failed; those behind it run, and the runtime goes on.
func TestTaskEndsItsGoroutine(t *testing.T) {
	onEach(t, func(t trial) {
		c := short(t.strategy)
		c.Env["OFFLOAD_CONCURRENCY"] = "1"
		f := start(t, c)
		res := f.call(t, event{Tasks: []task{{Name: "gone", Do: "exit"}, {Name: "behind"}}})
		if report := f.over(t, res.RequestID); report.Status != "success" {
			t.Errorf("%+v", report)
		}
		f.ended(t, res.RequestID, "gone", "failed", "the task called runtime.Goexit")
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "behind")
		f.survives(t, res)
	})
}
