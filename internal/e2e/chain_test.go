package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// chains are what the same program is started with, as OFFLOAD_STRATEGY. Nothing else differs.
var chains = []string{"stream", "extension", "invoke", "sqs", "extension,sqs", "stream,invoke", "sqs,stream"}

// onEachChain runs a test once for each chain.
func onEachChain(t *testing.T, test func(t trial)) {
	t.Helper()
	t.Parallel()
	for _, chain := range chains {
		trial{t, chain}.sub(chain, test)
	}
}

// sends reports whether a task can leave the process.
func (c *cloud) sends() bool {
	return strings.Contains(c.chain, "sqs") || strings.Contains(c.chain, "invoke")
}

// portable makes tasks that any strategy takes, by their names.
func portable(do string, names ...string) []task {
	var tasks []task
	for _, name := range names {
		tasks = append(tasks, task{Name: name, Do: do, Portable: true})
	}
	return tasks
}

// The caller does not wait for the tasks, wherever they run.
func TestChainAnswersFirst(t *testing.T) {
	onEachChain(t, func(t trial) {
		c := newCloud(t, t.strategy, config{})
		hold := newGate(t)
		held := task{Name: "held", Gate: string(hold), Portable: true}
		res := c.call(t, event{Tasks: []task{held}})
		if res.FunctionError != "" || string(res.Payload) != `"ok"` {
			t.Errorf("%q %s", res.FunctionError, res.Payload)
		}
		eventually(t, "the task begins", func() bool { return c.count(t, "began", "held", "") == 1 })
		if c.count(t, "ran", "held", "") != 0 {
			t.Error("the gate does not hold")
		}
		hold.open(t)
		c.settle(t)
		c.did(t, "held")
	})
}

// did fails unless the tasks ran to their end: once, unless they left the process, and never in vain.
func (c *cloud) did(tb testing.TB, names ...string) {
	tb.Helper()
	for _, name := range names {
		ran, done := c.count(tb, "ran", name, ""), c.count(tb, "done", name, "")
		if ran == 0 || done != ran || ran > 1 && !c.sends() {
			tb.Errorf("task %q ran %d times and was done %d times; journal: %+v", name, ran, done, c.find(tb, "", name, ""))
		}
	}
}

// failedFor fails unless the tasks failed for a reason with this text, and where they have left the process are with the
// dead letters, once.
func (c *cloud) failedFor(tb testing.TB, reason string, names ...string) {
	tb.Helper()
	dead := c.deadLetters(tb)
	for _, name := range names {
		failures := c.find(tb, "failed", name, "")
		for _, r := range failures {
			contains(tb, r.Error, reason)
		}
		if len(failures) == 0 || c.count(tb, "done", name, "") != 0 || c.count(tb, "dropped", name, "") != 0 {
			tb.Errorf("task %q: want failures and nothing else; journal: %+v", name, c.find(tb, "", name, ""))
		}
		if want := map[bool]int{true: 1}[c.sends()]; dead[name] != want {
			tb.Errorf("task %q is with the dead letters %d times, want %d", name, dead[name], want)
		}
	}
}

// One handler, one program, seven chains: a task that works is done, one that does not is known to have failed, whatever
// becomes of the handler, of other tasks and of the process.
func TestChain(t *testing.T) {
	onEachChain(t, func(t trial) {
		c := newCloud(t, t.strategy, config{})
		c.ok(t, event{Tasks: portable("", "one", "two", "three")})
		c.ok(t, event{Tasks: portable("nest", "parent")})
		c.ok(t, event{Tasks: portable("fail-once", "unlucky")})
		c.ok(t, event{Tasks: append(portable("panic", "panics"), portable("", "beside-panic")...)})
		c.ok(t, event{Tasks: append(portable("goexit", "exits"), portable("", "beside-goexit")...)})
		c.ok(t, event{Tasks: append(portable("fail", "fails"), portable("", "beside-failure")...)})

		var many []string
		for i := range 25 {
			many = append(many, fmt.Sprint("many-", i))
		}
		c.ok(t, event{Tasks: portable("", many...)})

		c.fails(t, "the handler failed", event{Do: "error", Tasks: []task{
			{Name: "after-error", Portable: true}, {Name: "only-on-success", Portable: true, OnlyOnSuccess: true},
		}})
		c.fails(t, "the handler panicked", event{Do: "panic", Tasks: portable("", "after-panic")})
		c.ok(t, event{Tasks: portable("", "last")})

		c.settle(t)
		c.did(t, "one", "two", "three", "parent", "parent-child", "unlucky", "beside-panic", "beside-goexit", "beside-failure", "after-error", "after-panic", "last")
		c.did(t, many...)
		c.failedFor(t, "task panics", "panics")
		c.failedFor(t, "runtime.Goexit", "exits")
		c.failedFor(t, "task fails fails", "fails")
		if c.count(t, "began", "only-on-success", "") != 0 || c.count(t, "dropped", "only-on-success", "") != 1 {
			t.Errorf("the handler failed: %+v", c.find(t, "", "only-on-success", ""))
		}
		if dead := c.deadLetters(t); c.sends() && len(dead) != 3 {
			t.Errorf("dead letters: %v", dead)
		}
		crashes := 0
		for _, e := range c.Events() {
			if e.Kind == lambdatest.EventCrash {
				crashes++
			}
		}
		if crashes != 1 {
			t.Errorf("%d processes died, want the one whose handler panicked", crashes)
		}
	})
}

// ok invokes the function, and waits for the end of the invocation.
func (c *cloud) ok(tb testing.TB, e event) {
	tb.Helper()
	res := c.call(tb, e)
	if res.FunctionError != "" || string(res.Payload) != `"ok"` {
		tb.Fatalf("%q %s", res.FunctionError, res.Payload)
	}
	if report := c.over(tb, res.RequestID); report.Status != "success" {
		tb.Errorf("%+v", report)
	}
}

func (c *cloud) fails(tb testing.TB, message string, e event) {
	tb.Helper()
	res := c.call(tb, e)
	if res.FunctionError != "Unhandled" || !strings.Contains(string(res.Payload), message) {
		tb.Errorf("%q %s", res.FunctionError, res.Payload)
	}
	c.over(tb, res.RequestID)
}
