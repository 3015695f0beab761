package e2e

import (
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// With Start the caller of a failing handler has its error while the task still waits.
func TestHandlerError(t *testing.T) {
	onEach(t, func(t trial) {
		hold := newGate(t)
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Do: "error", Tasks: []task{{Name: "held", Gate: string(hold)}}})
		if !strings.Contains(string(res.Payload), "the handler failed") || res.FunctionError != "Unhandled" {
			t.Errorf("%q %s", res.FunctionError, res.Payload)
		}
		hold.open(t)
		f.over(t, res.RequestID)
		f.ranInTail(t, lambdatest.EventErrorReported, res.RequestID, "held")
		f.survives(t, res)
	})
}

// A result that cannot be encoded fails the invocation after the handler returned.
func TestUnencodableResult(t *testing.T) {
	onEach(t, func(t trial) {
		hold := newGate(t)
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Do: "unencodable", Tasks: []task{{Name: "held", Gate: string(hold)}}})
		if !strings.Contains(string(res.Payload), "unsupported type") {
			t.Errorf("%q %s", res.FunctionError, res.Payload)
		}
		hold.open(t)
		f.over(t, res.RequestID)
		f.ranInTail(t, lambdatest.EventErrorReported, res.RequestID, "held")
		f.survives(t, res)
	})
}

// Wrap has no say in how the loop is started, so the tasks may come before the report. They come before the freeze.
func TestHandlerErrorWithWrap(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy, start: "wrap"})
		res := f.call(t, event{Do: "error", Tasks: []task{{Name: "task"}}})
		if !strings.Contains(string(res.Payload), "the handler failed") {
			t.Errorf("%q %s", res.FunctionError, res.Payload)
		}
		f.over(t, res.RequestID)
		f.ranBeforeFreeze(t, res.RequestID, "task")
		f.survives(t, res)
	})
}

// A panic ends the process, as it does without offload, and the tasks come before.
func TestHandlerPanic(t *testing.T) {
	onEach(t, func(t trial) {
		for _, how := range []string{"offload", "wrap"} {
			t.sub(how, func(t trial) {
				f := start(t, config{strategy: t.strategy, start: how})
				res := f.call(t, event{Do: "panic", Tasks: []task{{Name: "task"}, {Name: "parent", Do: "nest"}}})
				if !strings.Contains(string(res.Payload), "the handler panicked") || res.FunctionError != "Unhandled" {
					t.Errorf("%q %s", res.FunctionError, res.Payload)
				}
				if report := f.over(t, res.RequestID); report.Status != "error" {
					t.Errorf("%+v", report)
				}
				for _, name := range []string{"task", "parent", "parent-child"} {
					f.one(t, "ran", name, res.RequestID)
					f.ended(t, res.RequestID, name, "done", "")
				}
				f.healthy(t, res)
			})
		}
	})
}
