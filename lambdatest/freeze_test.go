package lambdatest_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// A goroutine that a handler leaves behind stops with the environment, and goes on when the next event thaws it.
func TestStrayGoroutineFreezes(t *testing.T) {
	onLinux(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ticks") // before the function, so that it is removed after its end
	l := function(t, lambdatest.Function{})
	for round := range 3 {
		res := succeed(t, l, command{Mode: "stray", File: file})
		report(t, l, res) // recorded after the freeze
		env := l.Environments()[0]
		if !env.Frozen || env.State != lambdatest.StateIdle {
			t.Fatalf("round %d: %+v, want idle and frozen", round, env)
		}
		eventually(t, "process stopped", func() bool { return state(t, env.PID) == "T" })
		before := len(lines(t, file))
		// Ticks are a millisecond apart: a process that ran would write many of them while this one waits.
		for wait := time.Now().Add(100 * time.Millisecond); time.Now().Before(wait); pause() {
			if s := state(t, env.PID); s != "T" {
				t.Fatalf("round %d: state %s, want T", round, s)
			}
		}
		if after := len(lines(t, file)); after != before {
			t.Fatalf("round %d: %d ticks while frozen", round, after-before)
		}
	}
	ticks := len(lines(t, file))
	succeed(t, l, command{Mode: "sleep", Sleep: 50})
	eventually(t, "ticks during the next invocation", func() bool { return len(lines(t, file)) > ticks })
	if got := len(l.Environments()); got != 1 {
		t.Errorf("%d environments, want the same one again", got)
	}
}

// After a long freeze the processes have a moment before the event, which is not billed.
func TestRestAfterLongFreeze(t *testing.T) {
	onLinux(t)
	t.Parallel()
	l := function(t, lambdatest.Function{})
	report(t, l, succeed(t, l, command{Mode: "calls"}))
	for wait := time.Now().Add(100 * time.Millisecond); time.Now().Before(wait); pause() {
	}
	warm := report(t, l, succeed(t, l, command{Mode: "calls"}))
	at := map[lambdatest.EventKind]time.Time{} // of the last of each kind
	for _, e := range l.Events() {
		at[e.Kind] = e.Time
	}
	thaw := at[lambdatest.EventThaw]
	if rest := at[lambdatest.EventInvokeStart].Sub(thaw); rest < time.Millisecond {
		t.Errorf("the event came %v after the thaw", rest)
	}
	if rest := warm.Start.Sub(thaw); rest < time.Millisecond {
		t.Errorf("the invocation is billed from %v after the thaw", rest)
	}
}

func TestDisableFreeze(t *testing.T) {
	onLinux(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ticks") // before the function, as above
	l := function(t, lambdatest.Function{DisableFreeze: true})
	report(t, l, succeed(t, l, command{Mode: "stray", File: file}))
	ticks := len(lines(t, file))
	eventually(t, "ticks between invocations", func() bool { return len(lines(t, file)) > ticks+10 })
	if slices.Contains(kinds(l), lambdatest.EventFreeze) {
		t.Error("there is a Freeze event")
	}
}

// The order of the events is the order in which AWS does it, and the caller has the answer before the tail runs.
func TestOrderOfEvents(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	first := succeed(t, l, command{Mode: "tail", Sleep: 30})
	if len(l.Reports()) != 0 {
		t.Error("the answer came after the tail")
	}
	report(t, l, first)
	report(t, l, succeed(t, l, command{Mode: "calls"}))
	want := []lambdatest.EventKind{
		lambdatest.EventInitStart, lambdatest.EventInitEnd,
		lambdatest.EventInvokeStart, lambdatest.EventResponseStart, lambdatest.EventResponseEnd, lambdatest.EventRuntimeDone,
		lambdatest.EventFreeze, lambdatest.EventReport,
		lambdatest.EventThaw,
		lambdatest.EventInvokeStart, lambdatest.EventResponseStart, lambdatest.EventResponseEnd, lambdatest.EventRuntimeDone,
		lambdatest.EventFreeze, lambdatest.EventReport,
	}
	if got := kinds(l); !slices.Equal(got, want) {
		t.Errorf("events\n%v, want\n%v", got, want)
	}
	events := l.Events()
	for i := 1; i < len(events); i++ {
		if events[i].Function != l.Name() || events[i].EnvironmentID == "" {
			t.Errorf("event without its function or environment: %+v", events[i])
		}
	}
}

// The tail and the init are billed; only the first invocation has an init.
func TestReport(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{MemorySize: 512})
	const tail = 60 * time.Millisecond
	cold := report(t, l, succeed(t, l, command{Mode: "tail", Sleep: int(tail.Milliseconds())}))
	warm := report(t, l, succeed(t, l, command{Mode: "calls"}))
	if !cold.ColdStart || cold.InitDuration <= 0 || warm.ColdStart || warm.InitDuration != 0 {
		t.Errorf("cold start: %+v\nwarm: %+v", cold, warm)
	}
	if cold.Duration < tail || cold.ResponseLatency >= cold.Duration {
		t.Errorf("duration %v, latency %v: the tail of %v is missing", cold.Duration, cold.ResponseLatency, tail)
	}
	for _, r := range []lambdatest.Report{cold, warm} {
		sum := r.Duration + r.InitDuration
		if r.BilledDuration < sum || r.BilledDuration-sum >= time.Millisecond || r.BilledDuration%time.Millisecond != 0 {
			t.Errorf("billed %v for %v", r.BilledDuration, sum)
		}
		if r.MemorySize != 512 || r.MaxMemoryUsed <= 0 || r.Status != "success" || r.ErrorType != "" {
			t.Errorf("%+v", r)
		}
	}
	contains(t, cold.String(), "REPORT RequestId: "+cold.RequestID+"\tDuration: ", " ms\tBilled Duration: ",
		"\tMemory Size: 512 MB\tMax Memory Used: ", "\tInit Duration: ")
	if got := l.Reports(); len(got) != 2 || got[0].RequestID != cold.RequestID || got[1].RequestID != warm.RequestID {
		t.Errorf("reports: %+v", got)
	}
}

func TestReportLine(t *testing.T) {
	t.Parallel()
	r := lambdatest.Report{
		RequestID: "x", Duration: 12345 * time.Microsecond, BilledDuration: 13 * time.Millisecond, MemorySize: 128,
		MaxMemoryUsed: 18,
	}
	if got, want := r.String(), "REPORT RequestId: x\tDuration: 12.35 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 18 MB\t"; got != want &&
		got != "REPORT RequestId: x\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 18 MB\t" {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
