package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

const shuttingDown = "the execution environment is shutting down"

// SIGTERM in the middle of a tail cancels its tasks; each is accounted for.
func TestSIGTERMDuringTail(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Tasks: []task{{Name: "long", Do: "until-cancelled"}, {Name: "quick"}}})
		eventually(t, "the tail is under way", func() bool {
			return f.count(t, "began", "long", "") == 1 && f.count(t, "done", "quick", "") == 1
		})
		if err := syscall.Kill(f.Environments()[0].PID, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		f.over(t, res.RequestID)
		if cause := f.one(t, "cancelled", "long", res.RequestID).Error; cause != "offload: "+shuttingDown {
			t.Errorf("the task's context ended with %q", cause)
		}
		f.ended(t, res.RequestID, "long", "dropped", shuttingDown)
		f.ended(t, res.RequestID, "quick", "done", "")
		contains(t, f.LogText(), "offload: task dropped", shuttingDown)
	})
}

// What does not listen is dropped, and said to be, within the time that SIGKILL leaves.
func TestSIGTERMIsIgnored(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy, Function: lambdatest.Function{Env: map[string]string{"OFFLOAD_CONCURRENCY": "1"}}})
		f.call(t, event{Tasks: []task{{Name: "deaf", Do: "ignore"}, {Name: "behind"}}})
		eventually(t, "the tail is under way", func() bool { return f.count(t, "began", "deaf", "") == 1 })
		if err := syscall.Kill(f.Environments()[0].PID, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		eventually(t, "both tasks are dropped", func() bool { return f.count(t, "dropped", "", "") == 2 })
		f.ended(t, "", "deaf", "dropped", shuttingDown)
		f.ended(t, "", "behind", "dropped", shuttingDown)
	})
}

// Who has deferred nothing yet gets what a bare function gets: the process ends.
func TestSIGTERMBeforeTheFirstTask(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		f.over(t, f.call(t, event{}).RequestID)
		pid := f.Environments()[0].PID
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT} { // it is frozen
			if err := syscall.Kill(pid, s); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the process ends", func() bool { return syscall.Kill(pid, 0) != nil })
	})
}

// A handler that outlives the deadline takes the environment with it. With an extension Lambda announces that, and
// what the handler has deferred is accounted for.
func TestHandlerTimesOut(t *testing.T) {
	t.Parallel()
	f := start(t, config{strategy: "extension", Function: lambdatest.Function{Timeout: 500 * time.Millisecond}})
	res := f.call(t, event{Do: "hang", Tasks: []task{{Name: "held"}}})
	if report := f.over(t, res.RequestID); report.Status != "timeout" {
		t.Errorf("%+v", report)
	}
	eventually(t, "the task is dropped", func() bool { return f.count(t, "dropped", "held", "") == 1 })
	if f.count(t, "began", "held", "") != 0 {
		t.Error("the task was started")
	}
	f.healthy(t, res)
}

// An idle environment is shut down without a word: there is nothing to account for.
func TestShutdownOfIdle(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Tasks: []task{{Name: "task"}}})
		if err := f.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "task")
		if again := f.call(t, event{}); again.EnvironmentID == res.EnvironmentID {
			t.Error("the environment is still there")
		}
	})
}

// A worker that is told to end gives back what it has; the task comes again.
func TestSIGTERMInWorker(t *testing.T) {
	t.Parallel()
	for _, chain := range []string{"sqs", "invoke"} {
		trial{t, chain}.sub(chain, func(t trial) {
			c := newCloudAndWorker(t, t.strategy, config{})
			c.ok(t, event{Tasks: portable("until-cancelled-once", "task")})
			eventually(t, "the worker is at work", func() bool { return c.count(t, "began", "task", "") == 1 })
			if err := syscall.Kill(c.worker.Environments()[0].PID, syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			c.settle(t)
			if cause := c.one(t, "cancelled", "task", "").Error; cause != "offload: "+shuttingDown {
				t.Errorf("the task's context ended with %q", cause)
			}
			contains(t, c.one(t, "failed", "task", "").Error, shuttingDown)
			c.did(t, "task")
			if c.count(t, "ran", "task", "") != 1 {
				t.Errorf("journal: %+v", c.find(t, "", "task", ""))
			}
		})
	}
}
