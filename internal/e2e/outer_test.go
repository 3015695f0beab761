package e2e

import (
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

const outerWarning = "a wrapper around the handler closes the response before it is sent"

// A lambda.Handler around Wrap's result takes the response for sent when it is not. That is said once; the caller gets the
// response and no task is lost.
func TestWrapperOutside(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy, start: "outside"})
		first := f.call(t, event{Do: "struct", Tasks: []task{{Name: "task"}, {Name: "parent", Do: "nest"}}})
		if first.FunctionError != "" || string(first.Payload) != `{"id":4711,"note":"a<b>&c"}` {
			t.Errorf("%q %s", first.FunctionError, first.Payload)
		}
		f.over(t, first.RequestID)
		for _, name := range []string{"task", "parent", "parent-child"} {
			f.ranBeforeFreeze(t, first.RequestID, name)
		}
		failed := f.call(t, event{Do: "error", Tasks: []task{{Name: "task"}}})
		if !strings.Contains(string(failed.Payload), "the handler failed") {
			t.Errorf("%q %s", failed.FunctionError, failed.Payload)
		}
		f.over(t, failed.RequestID)
		f.ranBeforeFreeze(t, failed.RequestID, "task")
		f.survives(t, first)
		if n := strings.Count(f.LogText(), outerWarning); n != 1 {
			t.Errorf("warned %d times, want once:\n%s", n, f.LogText())
		}
	})
}

// The same wrapper inside is the right way round: the caller does not wait.
func TestWrapperInside(t *testing.T) {
	onEach(t, func(t trial) {
		hold := newGate(t)
		f := start(t, config{strategy: t.strategy, start: "inside"})
		res := f.call(t, event{Do: "struct", Tasks: []task{{Name: "held", Gate: string(hold)}}})
		if res.FunctionError != "" || string(res.Payload) != `{"id":4711,"note":"a<b>&c"}` {
			t.Errorf("%q %s", res.FunctionError, res.Payload)
		}
		hold.open(t)
		f.over(t, res.RequestID)
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "held")
		f.survives(t, res)
		if strings.Contains(f.LogText(), outerWarning) {
			t.Errorf("warned:\n%s", f.LogText())
		}
	})
}
