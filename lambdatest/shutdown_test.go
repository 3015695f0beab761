package lambdatest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// extensionProgram is the external extension of testdata/extension.
func extensionProgram(t *testing.T) []string {
	t.Helper()
	program, err := lambdatest.Build(t.Context(), ".", "./testdata/extension")
	if err != nil {
		t.Fatal(err)
	}
	return []string{program}
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// shutdownEvents are the messages of ShutdownStart and Exit, with the time since ShutdownStart.
func shutdownEvents(l *lambdatest.Lambda) (messages []string, took time.Duration) {
	var start time.Time
	for _, e := range l.Events() {
		switch e.Kind {
		case lambdatest.EventShutdownStart:
			start = e.Time
			messages = append(messages, e.Message)
		case lambdatest.EventExit:
			messages = append(messages, e.Message)
			took = e.Time.Sub(start)
		default:
		}
	}
	return messages, took
}

func TestShutdownWithoutExtension(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	first := succeed(t, l, command{Mode: "calls"})
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	// No SIGTERM, as nobody registered an extension.
	if got, _ := shutdownEvents(l); !slices.Equal(got, []string{"SPINDOWN", "runtime: signal: killed"}) {
		t.Errorf("%q", got)
	}
	if len(l.Environments()) != 0 {
		t.Errorf("%+v", l.Environments())
	}
	// The function is still there.
	if second := succeed(t, l, command{Mode: "calls"}); second.EnvironmentID == first.EnvironmentID {
		t.Error("the same environment again")
	}
}

// WithEnableSIGTERM registers an internal extension: the frozen process is thawed, gets SIGTERM and 500 ms.
func TestShutdownWithInternalExtension(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sigterm")
	l := function(t, lambdatest.Function{Env: map[string]string{"SIGTERM_FILE": file}})
	report(t, l, succeed(t, l, command{Mode: "calls"}))
	if env := l.Environments()[0]; !slices.Equal(env.Extensions, []string{"GoLangEnableSIGTERM"}) || !env.Frozen {
		t.Errorf("%+v", env)
	}
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(lines(t, file)) != 1 {
		t.Error("the SIGTERM handler did not run")
	}
	if got, _ := shutdownEvents(l); !slices.Equal(got, []string{"SPINDOWN", "runtime: exit status 0"}) {
		t.Errorf("%q", got)
	}
}

func TestShutdownWindowOfInternalExtension(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sigterm")
	l := function(t, lambdatest.Function{Env: map[string]string{"SIGTERM_FILE": file, "SIGTERM_HANG": "1"}})
	succeed(t, l, command{Mode: "calls"})
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, took := shutdownEvents(l)
	if !slices.Equal(got, []string{"SPINDOWN", "runtime: signal: killed"}) || took < 500*time.Millisecond {
		t.Errorf("%q after %v, want a kill after 500 ms", got, took)
	}
	if len(lines(t, file)) != 1 {
		t.Error("the SIGTERM handler did not run")
	}
}

func TestShutdownWithExternalExtension(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sigterm, events := filepath.Join(dir, "sigterm"), filepath.Join(dir, "events")
	l := function(t, lambdatest.Function{
		Extensions: [][]string{extensionProgram(t)},
		Env:        map[string]string{"SIGTERM_FILE": sigterm, "SIGTERM_HANG": "1", "EXT_LOG": events},
	})
	succeed(t, l, command{Mode: "calls"})
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The runtime does not end on SIGTERM: it is killed after its 300 ms, then the extension is told.
	got, took := shutdownEvents(l)
	if !slices.Equal(got, []string{"SPINDOWN", "runtime: signal: killed", "extension: exit status 0"}) ||
		took < 300*time.Millisecond {
		t.Errorf("%q after %v", got, took)
	}
	contains(t, text(t, events), `"eventType":"SHUTDOWN"`, `"shutdownReason":"SPINDOWN"`, `"deadlineMs":`, "bye")
	if len(lines(t, sigterm)) != 1 {
		t.Error("the SIGTERM handler did not run")
	}
}

func TestShutdownWindowOfExternalExtension(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{
		Extensions: [][]string{extensionProgram(t)},
		Env:        map[string]string{"EXT_LOG": filepath.Join(t.TempDir(), "events"), "EXT_MODE": "hang"},
	})
	succeed(t, l, command{Mode: "calls"})
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, took := shutdownEvents(l)
	if !slices.Equal(got, []string{"SPINDOWN", "runtime: signal: terminated", "extension: signal: killed"}) || took < 2*time.Second {
		t.Errorf("%q after %v, want a kill after 2 s", got, took)
	}
}

// An extension that did not subscribe to SHUTDOWN is not waited for.
func TestShutdownWithoutSubscription(t *testing.T) {
	t.Parallel()
	events := filepath.Join(t.TempDir(), "events")
	l := function(t, lambdatest.Function{
		Extensions: [][]string{extensionProgram(t)},
		Env:        map[string]string{"EXT_LOG": events, "EXT_EVENTS": `["INVOKE"]`},
	})
	succeed(t, l, command{Mode: "calls"})
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := shutdownEvents(l); !slices.Equal(got, []string{"SPINDOWN", "runtime: signal: terminated", "extension: signal: killed"}) {
		t.Errorf("%q", got)
	}
	if strings.Contains(text(t, events), "SHUTDOWN") {
		t.Error("the extension was told")
	}
}

// A timeout and a crash are shutdowns too, with their own reasons.
func TestShutdownReasons(t *testing.T) {
	t.Parallel()
	for reason, c := range map[string]command{
		"TIMEOUT": {Mode: "sleep", Sleep: 60_000},
		"FAILURE": {Mode: "exit", Size: 1},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			events := filepath.Join(t.TempDir(), "events")
			l := function(t, lambdatest.Function{
				Timeout: 2 * time.Second, Extensions: [][]string{extensionProgram(t)}, Env: map[string]string{"EXT_LOG": events},
			})
			failed(t, invoke(t, l, c))
			contains(t, text(t, events), `"shutdownReason":"`+reason+`"`, "bye")
			succeed(t, l, command{Mode: "calls"})
		})
	}
}

// Shutdown lets an open invocation finish, and gives up with its context.
func TestShutdownWaits(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{Timeout: time.Minute})
	res := succeed(t, l, command{Mode: "tail", Sleep: 50})
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := report(t, l, res); r.Status != "success" {
		t.Errorf("%+v", r)
	}

	res = succeed(t, l, command{Mode: "tail", Sleep: 60_000})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := l.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if r := report(t, l, res); r.Status != "error" {
		t.Errorf("%+v", r)
	}
	if len(l.Environments()) != 0 {
		t.Errorf("%+v", l.Environments())
	}
}

// A process that left the group of its parent ends with the environment all the same.
func TestDetachedProcess(t *testing.T) {
	t.Parallel()
	onLinux(t)
	l := lambdatest.Start(t, lambdatest.Function{
		Command: []string{"sh", "-c", `setsid sh -c 'echo "stray=$$"; sleep 1000; :' & exec sleep 1000`}, Timeout: time.Minute,
	})
	stray := make(chan int, 1)
	defer l.Subscribe(func(e lambdatest.Event) {
		if text, ok := strings.CutPrefix(e.Message, "stray="); ok && e.Kind == lambdatest.EventLog {
			pid, _ := strconv.Atoi(text)
			stray <- pid
		}
	})()
	caller := background(func() (*lambdatest.Result, error) { return l.Invoke(t.Context(), nil) })
	pid := <-stray
	if s := state(t, pid); s == "gone" || s == "Z" {
		t.Fatalf("process %d is %s already", pid, s)
	}
	l.Close()
	<-caller.done
	eventually(t, "the end of the detached process", func() bool { s := state(t, pid); return s == "gone" || s == "Z" })
}
