package lambdatest_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

func TestTimeout(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: 2 * time.Second})
	warm := succeed(t, l, command{Mode: "calls"})
	res := invoke(t, l, command{Mode: "sleep", Sleep: 60_000})
	want := failure{"RequestId: " + res.RequestID + " Error: Task timed out after 2.00 seconds", "Sandbox.Timedout"}
	if f := failed(t, res); f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
	r := report(t, l, res)
	if r.Status != "timeout" || r.Duration != 2*time.Second || r.BilledDuration != 2*time.Second {
		t.Errorf("%+v", r)
	}
	if !strings.HasSuffix(r.String(), "\tStatus: timeout") {
		t.Errorf("%q", r)
	}
	if line := regexp.MustCompile(`(?m)^\S+Z ` + res.RequestID + ` Task timed out after 2\.00 seconds$`); !line.MatchString(l.LogText()) {
		t.Errorf("no timeout line in\n%s", l.LogText())
	}

	// The environment is reset, not replaced: the next invocation initialises it again, within its own time.
	again := succeed(t, l, command{Mode: "calls"})
	if string(again.Payload) != "1" || again.EnvironmentID != warm.EnvironmentID {
		t.Errorf("call %s in %s, want 1 in %s", again.Payload, again.EnvironmentID, warm.EnvironmentID)
	}
	if r := report(t, l, again); r.ColdStart || r.InitDuration != 0 {
		t.Errorf("suppressed init is reported as a cold start: %+v", r)
	}
}

// What a buffered caller would have got so far is of no use to it.
func TestTimeoutInResponse(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: 300 * time.Millisecond})
	res := invoke(t, l, command{Mode: "stream", Text: "one,two", Sleep: 60_000})
	if f := failed(t, res); f.ErrorType != "Sandbox.Timedout" {
		t.Errorf("%+v", f)
	}
}

// The time of the tail counts, but the caller has had the answer.
func TestTimeoutInTail(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: 2 * time.Second})
	res := succeed(t, l, command{Mode: "tail", Sleep: 60_000})
	if string(res.Payload) != `"answered"` {
		t.Errorf("%s", res.Payload)
	}
	if r := report(t, l, res); r.Status != "timeout" || r.ErrorType != "Sandbox.Timedout" {
		t.Errorf("%+v", r)
	}
	succeed(t, l, command{Mode: "calls"})
}

func TestCrash(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, message string
		command       command
	}{
		{"status", "Runtime exited with error: exit status 7", command{Mode: "exit", Size: 7}},
		{"no status", "Runtime exited without providing a reason", command{Mode: "exit"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := function(t, lambdatest.Function{})
			res := invoke(t, l, tc.command)
			want := failure{"RequestId: " + res.RequestID + " Error: " + tc.message, "Runtime.ExitError"}
			if f := failed(t, res); f != want {
				t.Errorf("%+v, want %+v", f, want)
			}
			r := report(t, l, res)
			if !strings.HasSuffix(r.String(), "\tStatus: error\tError Type: Runtime.ExitError") {
				t.Errorf("%q", r)
			}
			contains(t, l.LogText(), "RequestId: "+res.RequestID+" Error: "+tc.message+"\nRuntime.ExitError\nEND")
			again := succeed(t, l, command{Mode: "calls"})
			if string(again.Payload) != "1" || again.EnvironmentID != res.EnvironmentID {
				t.Errorf("call %s in %s", again.Payload, again.EnvironmentID)
			}
		})
	}
}

// A panic is reported by the runtime first, and that is what the caller gets; then the process ends.
func TestPanic(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	res := invoke(t, l, command{Mode: "panic", Text: "out of paper"})
	if f := failed(t, res); f != (failure{"out of paper", "string"}) {
		t.Errorf("%+v", f)
	}
	if r := report(t, l, res); r.ErrorType != "Runtime.ExitError" {
		t.Errorf("%+v", r)
	}
	succeed(t, l, command{Mode: "calls"})
}

func TestCrashInTail(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	res := succeed(t, l, command{Mode: "tail", Text: "exit", Sleep: 20})
	if r := report(t, l, res); r.Status != "error" || r.ErrorType != "Runtime.ExitError" {
		t.Errorf("%+v", r)
	}
}

func TestInitFailure(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode, errorType, message, line string
	}{
		{"exit", "Runtime.ExitError", "Runtime exited with error: exit status 3", "Status: error\tError Type: Runtime.ExitError"},
		{"error", "Runtime.NoConfig", "no configuration", "Status: error\tError Type: Runtime.NoConfig"},
		{"hang", "Sandbox.Timedout", "Task timed out after 0.20 seconds", "Init Duration: 100.00 ms\tPhase: init\tStatus: timeout"},
	} {
		t.Run(tc.mode, func(t *testing.T) {
			t.Parallel()
			fn := lambdatest.Function{Env: map[string]string{"INIT": tc.mode}}
			if tc.mode == "hang" {
				fn.InitTimeout, fn.Timeout = 100*time.Millisecond, 200*time.Millisecond
			}
			l := function(t, fn)
			res := invoke(t, l, command{Mode: "calls"})
			f := failed(t, res)
			if f.ErrorType != tc.errorType || !strings.HasSuffix(f.ErrorMessage, tc.message) {
				t.Errorf("%+v", f)
			}
			report(t, l, res)
			// Once in the init phase, once more inside the invocation.
			text := l.LogText()
			contains(t, text, "INIT_REPORT Init Duration: ", tc.line, "\tPhase: init\tStatus: ", "\tPhase: invoke\tStatus: ")
			if strings.Count(text, "INIT_REPORT") != 2 {
				t.Errorf("want two INIT_REPORT lines in\n%s", text)
			}
		})
	}
}

// What the shutdown takes after a repeated init that failed is not the invocation's time.
func TestInitFailureEndsTheInvocation(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{
		Extensions: [][]string{extensionProgram(t)},
		Env:        map[string]string{"INIT": "exit", "EXT_LOG": filepath.Join(t.TempDir(), "events"), "EXT_MODE": "hang"},
	})
	r := report(t, l, invoke(t, l, command{Mode: "calls"}))
	var shutdowns []time.Time
	for _, e := range l.Events() {
		if e.Kind == lambdatest.EventShutdownStart {
			shutdowns = append(shutdowns, e.Time)
		}
	}
	if end := r.Start.Add(r.Duration); len(shutdowns) != 2 || end.After(shutdowns[1]) {
		t.Errorf("ended at %v, shut down at %v", end, shutdowns)
	}
}

// An init that fails once is repeated inside the invocation, whose caller notices nothing but the time.
func TestInitRepeated(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := function(t, lambdatest.Function{Env: map[string]string{"INIT": "exit", "FLAG": flag}})
	res := succeed(t, l, command{Mode: "calls"})
	if r := report(t, l, res); r.InitDuration != 0 || r.ResponseLatency < time.Millisecond/2 {
		t.Errorf("the repeated init belongs to the invocation: %+v", r)
	}
	if n := strings.Count(l.LogText(), "START RequestId: "); n != 1 {
		t.Errorf("%d START lines", n)
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	first := succeed(t, l, command{Mode: "calls"})
	if err := l.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.KillEnvironment("none") || !l.KillEnvironment(first.EnvironmentID) {
		t.Error("KillEnvironment")
	}
	eventually(t, "environment gone", func() bool { return len(l.Environments()) == 0 })
	second := succeed(t, l, command{Mode: "calls"})
	if second.EnvironmentID == first.EnvironmentID || string(second.Payload) != "1" {
		t.Errorf("%+v", second)
	}
	if r := report(t, l, second); !r.ColdStart {
		t.Errorf("%+v", r)
	}

	cancel := l.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventInvokeStart {
			l.Kill()
		}
	})
	defer cancel()
	res := invoke(t, l, command{Mode: "sleep", Sleep: 60_000})
	if f := failed(t, res); !strings.HasSuffix(f.ErrorMessage, "Runtime exited with error: signal: killed") {
		t.Errorf("%+v", f)
	}
}

func TestCloseEndsOpenInvocations(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: time.Minute})
	cancel := l.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventInvokeStart {
			go l.Close()
		}
	})
	defer cancel()
	res, err := l.Invoke(t.Context(), []byte(`{"mode":"sleep","sleep":60000}`))
	if err == nil && res.FunctionError == "" || err != nil && !errors.Is(err, lambdatest.ErrClosed) {
		t.Errorf("%+v %v", res, err)
	}
	l.Close()
	if got := kinds(l); !slices.Contains(got, lambdatest.EventExit) {
		t.Errorf("Close returned before the process had ended: %v", got)
	}
	if _, err := l.WaitReport(t.Context(), "unknown"); !errors.Is(err, lambdatest.ErrNotRecorded) {
		t.Errorf("%v", err)
	}
}

// A process that dies while it is idle is noticed by the next invocation only as a suppressed init.
func TestDeathWhileIdle(t *testing.T) {
	onLinux(t)
	t.Parallel()
	l := function(t, lambdatest.Function{})
	first := succeed(t, l, command{Mode: "calls"})
	report(t, l, first)
	process, err := os.FindProcess(l.Environments()[0].PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "environment cold", func() bool { return l.Environments()[0].State == lambdatest.StateCold })
	second := succeed(t, l, command{Mode: "calls"})
	if second.EnvironmentID != first.EnvironmentID || string(second.Payload) != "1" {
		t.Errorf("%+v", second)
	}
}
