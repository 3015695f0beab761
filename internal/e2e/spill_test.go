package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// onEachSpill runs a test for each strategy that keeps the environment awake, with a queue behind it.
func onEachSpill(t *testing.T, test func(t trial)) {
	t.Helper()
	t.Parallel()
	for _, chain := range []string{"stream,sqs", "extension,sqs"} {
		trial{t, chain}.sub(chain, test)
	}
}

// spilled fails unless the task was begun here, left, and ran in another invocation.
func (c *cloud) spilled(tb testing.TB, reason string, names ...string) {
	tb.Helper()
	for _, name := range names {
		left := c.one(tb, "handed over", name, "")
		contains(tb, left.Error, reason)
		if ran := c.one(tb, "ran", name, ""); ran.Hops != 1 || ran.Request == left.Request {
			tb.Errorf("task %q left %+v, and ran %+v", name, left, ran)
		}
		c.one(tb, "done", name, "")
		if c.count(tb, "failed", name, "")+c.count(tb, "dropped", name, "") != 0 {
			tb.Errorf("task %q: %+v", name, c.find(tb, "", name, ""))
		}
	}
}

// What fails here for good goes on in a worker; what works stays here.
func TestFailureSpills(t *testing.T) {
	onEachSpill(t, func(t trial) {
		c := newCloud(t, t.strategy, config{})
		tasks := append(portable("fail-here", "fails"), portable("panic-here", "panics")...)
		c.ok(t, event{Tasks: append(tasks, portable("", "works")...)})
		c.settle(t)
		c.spilled(t, "task fails fails here", "fails")
		c.spilled(t, "task panics panics here", "panics")
		if r := c.one(t, "ran", "works", ""); r.Hops != 0 {
			t.Errorf("%+v", r)
		}
		if n := c.count(t, "began", "fails", ""); n != 4 {
			t.Errorf("the failing task began %d times, want three times here and once in the worker", n)
		}
	})
}

// What would not end before the deadline goes on in a worker, whether it listens to its context or not, and so does
// what waits behind it. Nothing times out, and the environment stays.
func TestDeadlineSpills(t *testing.T) {
	onEachSpill(t, func(t trial) {
		c := newCloudAndWorker(t, t.strategy, config{Function: lambdatest.Function{
			Timeout: 2 * time.Second,
			Env:     map[string]string{"OFFLOAD_MARGIN": "1s", "OFFLOAD_CONCURRENCY": "2"},
		}})
		tasks := append(portable("until-cancelled-here", "listens"), portable("ignore-here", "deaf")...)
		c.ok(t, event{Tasks: append(tasks, portable("", "behind-1", "behind-2", "behind-3")...)})
		c.settle(t)
		c.spilled(t, "deadline", "listens", "deaf")
		c.did(t, "behind-1", "behind-2", "behind-3") // the first may just get the place of the task that listens
		c.noFault(t)
	})
}

// A SIGTERM leaves time to hand over what is unfinished.
func TestShutdownSpills(t *testing.T) {
	onEachSpill(t, func(t trial) {
		c := newCloudAndWorker(t, t.strategy, config{Function: lambdatest.Function{Env: map[string]string{"OFFLOAD_CONCURRENCY": "2"}}})
		tasks := append(portable("until-cancelled-here", "listens"), portable("ignore-here", "deaf")...)
		res := c.call(t, event{Tasks: append(tasks, portable("", "behind-1", "behind-2", "behind-3")...)})
		eventually(t, "the tail is under way", func() bool {
			return c.count(t, "began", "listens", "") == 1 && c.count(t, "began", "deaf", "") == 1
		})
		if err := syscall.Kill(c.Environments()[0].PID, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		eventually(t, "all tasks have left or are done", func() bool {
			return c.count(t, "handed over", "", res.RequestID)+c.count(t, "done", "", res.RequestID) == 5
		})
		c.Kill() // as Lambda does soon after
		c.settle(t)
		c.spilled(t, "shutting down", "listens", "deaf")
		c.did(t, "behind-1", "behind-2", "behind-3")
	})
}

// A handler that outlives the deadline takes the environment with it. With an extension Lambda announces that, which is
// time enough to hand over what the handler has deferred.
func TestHandlerTimesOutSpills(t *testing.T) {
	t.Parallel()
	c := newCloudAndWorker(t, "extension,sqs", config{Function: lambdatest.Function{Timeout: time.Second}})
	res := c.call(t, event{Do: "hang", Tasks: append(portable("", "held-1", "held-2"), task{Name: "closure"})})
	if report := c.over(t, res.RequestID); report.Status != "timeout" || res.FunctionError == "" {
		t.Errorf("%+v", report)
	}
	c.settle(t)
	for _, name := range []string{"held-1", "held-2"} {
		if left := c.one(t, "handed over", name, ""); !strings.Contains(left.Error, "shutting down") || left.Request != res.RequestID {
			t.Errorf("%+v", left)
		}
		if ran := c.one(t, "ran", name, ""); ran.Hops != 1 {
			t.Errorf("%+v", ran)
		}
	}
	c.ended(t, res.RequestID, "closure", "dropped", "shutting down")
}

// A queue that is down does not stop anything: the tasks run here. When it is up again, they leave again.
func TestQueueDown(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sqstest.Fault{
		"unavailable": {Failure: sqstest.ServiceUnavailable},
		"throttled":   {Failure: sqstest.RequestThrottled},
		"refusing":    {Entries: &sqstest.EntryFault{SenderFault: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, "sqs,stream", config{})
			fault.Action = "SendMessageBatch"
			down := c.server.Inject(fault)
			c.ok(t, event{Tasks: portable("", "here-1", "here-2")})
			for _, name := range []string{"here-1", "here-2"} {
				if r := c.one(t, "ran", name, ""); r.Hops != 0 {
					t.Errorf("%+v", r)
				}
				c.one(t, "done", name, "")
			}
			if down.Hits() == 0 {
				t.Error("nothing was sent to the queue")
			}
			down.Remove()
			c.ok(t, event{Tasks: portable("", "there")})
			c.settle(t)
			if r := c.one(t, "ran", "there", ""); r.Hops != 1 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// Without anything behind the queue, the handler's caller learns that a task was not accepted for good.
func TestQueueDownAtTheEndOfTheChain(t *testing.T) {
	t.Parallel()
	c := newCloud(t, "sqs", config{})
	c.server.Inject(sqstest.Fault{Action: "SendMessageBatch", Entries: &sqstest.EntryFault{SenderFault: true}})
	c.fails(t, "the task could not be handed over", event{Tasks: portable("", "task")})
	c.fails(t, `"errorType":"HandOverError"`, event{Tasks: portable("", "another")})
	dropped := c.one(t, "dropped", "task", "")
	contains(t, dropped.Error, "could not be handed over", "InvalidParameterValue")
	if c.count(t, "began", "task", "") != 0 {
		t.Error("the task ran")
	}
}

// noFault fails if a sandbox died or timed out.
func (c *cloud) noFault(tb testing.TB) {
	tb.Helper()
	for _, f := range []*function{c.function, c.worker} {
		for _, e := range f.Events() {
			if e.Kind == lambdatest.EventCrash || e.Kind == lambdatest.EventTimeout {
				tb.Errorf("%s: %s: %s", f.Name(), e.Kind, e.Message)
			}
		}
	}
}
