package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// A goroutine that a handler leaves behind stands still from the freeze to the next invocation. Linking offload does not change
// that: only what is deferred is waited for.
func TestBareGoroutineDoesNotFinish(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]config{
		"lambda.Start": {start: "bare"},
		"stream":       {strategy: "stream"},
		"extension":    {strategy: "extension"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hold := newGate(t)
			f := start(t, c)
			res := f.call(t, event{Stray: []task{{Name: "stray", Gate: string(hold)}}})
			f.over(t, res.RequestID)
			eventually(t, "every thread is stopped", func() bool { return stopped(t, f) }) // a signal takes its time on a busy machine
			hold.open(t)                                                                   // there is nothing left that the goroutine waits for, except for the CPU
			for until := time.Now().Add(100 * time.Millisecond); time.Now().Before(until); pause() {
				if f.count(t, "ran", "stray", "") != 0 {
					t.Fatal("the goroutine finished in a frozen environment")
				}
			}
			eventually(t, "the goroutine finishes during a later invocation", func() bool {
				f.over(t, f.call(t, event{Do: "linger"}).RequestID)
				return f.count(t, "ran", "stray", "") == 1
			})
			if frozen := f.at(t, lambdatest.EventFreeze, res.RequestID); f.one(t, "ran", "stray", "").Time.Before(frozen) {
				t.Error("the goroutine finished before the freeze")
			}
		})
	}
}

// The caller has its answer while the task still waits, and the environment is frozen when the task is done. This is
// the first invocation: no later one helps.
func TestSuccess(t *testing.T) {
	onEach(t, func(t trial) {
		hold := newGate(t)
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Tasks: []task{{Name: "held", Gate: string(hold)}}})
		if res.FunctionError != "" || string(res.Payload) != `"ok"` {
			t.Fatalf("%q %s", res.FunctionError, res.Payload)
		}
		if len(f.Reports()) != 0 || f.Environments()[0].Frozen {
			t.Error("the environment did not wait for the task")
		}
		hold.open(t)
		f.over(t, res.RequestID)
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "held")
		f.survives(t, res)
	})
}

func TestNestedAfter(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Tasks: []task{{Name: "parent", Do: "nest"}, {Name: "20", Do: "nest-deep"}}})
		f.over(t, res.RequestID)
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "parent-child")
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "0")
		if got := f.count(t, "done", "", res.RequestID); got != 23 {
			t.Errorf("%d tasks done, want 23", got)
		}
		f.survives(t, res)
	})
}

func TestThousandTasks(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Tasks: []task{{Name: "many", Count: 1000}}})
		f.over(t, res.RequestID)
		if ran, done := f.count(t, "ran", "many", res.RequestID), f.count(t, "done", "", res.RequestID); ran != 1000 || done != 1000 {
			t.Errorf("%d tasks ran and %d are done, want 1000", ran, done)
		}
		answered, frozen := f.at(t, lambdatest.EventResponseEnd, res.RequestID), f.at(t, lambdatest.EventFreeze, res.RequestID)
		for _, r := range f.records(t) {
			if r.Time.Before(answered) || r.Time.After(frozen) {
				t.Fatalf("%s at %v, not between answer %v and freeze %v", r.What, r.Time, answered, frozen)
			}
		}
		f.survives(t, res)
	})
}

func TestTaskPanics(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Tasks: []task{{Name: "first"}, {Name: "bad", Do: "panic"}, {Name: "last"}}})
		f.over(t, res.RequestID)
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "first")
		f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "last")
		f.ended(t, res.RequestID, "bad", "failed", "task bad")
		f.survives(t, res)
	})
}

// stopped reports whether all threads of the function's environments are stopped, as far as /proc can tell.
func stopped(t *testing.T, f *function) bool {
	t.Helper()
	if _, err := os.Stat("/proc/self/task"); err != nil {
		return true // no such file system here; the test then relies on the signal being quick
	}
	for _, env := range f.Environments() {
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", env.PID))
		if err != nil || len(stats) == 0 {
			return false
		}
		for _, path := range stats {
			stat, err := os.ReadFile(path)
			if err != nil {
				return false
			}
			// The state follows the name, which is in parentheses.
			if _, after, ok := strings.Cut(string(stat), ") "); !ok || after[0] != 'T' {
				return false
			}
		}
	}
	return true
}
