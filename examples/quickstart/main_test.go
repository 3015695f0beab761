package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain fails the package when a test leaves a process behind.
func TestMain(m *testing.M) {
	code := m.Run()
	for deadline := time.Now().Add(5 * time.Second); code == 0; <-time.After(5 * time.Millisecond) {
		left := children()
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			fmt.Fprintf(os.Stderr, "processes left behind:\n%s", strings.Join(left, ""))
			code = 1
		}
	}
	os.Exit(code)
}

// children lists the processes of this one. Elsewhere than on Linux nobody looks.
func children() []string {
	var found []string
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // gone
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			found = append(found, string(stat))
		}
	}
	return found
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"-h"}, exitOK, "Usage: go run ./examples/quickstart", ""},
		{[]string{"-strategy", "steam"}, exitUsage, "", "there are naive, inline, stream and extension"},
		{[]string{"-serve", "-strategy", "naive,stream"}, exitUsage, "", "-serve takes one -strategy"},
		{[]string{"-x"}, exitUsage, "", "-x"},
		{[]string{"stream"}, exitUsage, "", `unexpected argument "stream"`},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), test.args, &stdout, &stderr); code != test.code {
				t.Errorf("exit status %d, want %d", code, test.code)
			}
			if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("stdout:\n%s\nstderr:\n%s", &stdout, &stderr)
			}
		})
	}
}

// TestInterrupt: Ctrl-C in the middle of a scenario ends the program, and TestMain sees that no process is left.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &watched{changed: make(chan struct{}, 1)}
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"-strategy", "naive,stream"}, out, &stderr) }()
	out.find(t, "1  naive")
	cancel()
	if c := <-code; c != exitStopped || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit status %d, want %d\n%s", c, exitStopped, &stderr)
	}
}

// TestOutsideTheModule: who runs the program elsewhere is told what to do.
func TestOutsideTheModule(t *testing.T) { // not parallel: it changes the directory
	t.Chdir(t.TempDir())
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), nil, &stdout, &stderr); code != exitFailed {
		t.Errorf("exit status %d, want %d", code, exitFailed)
	}
	if !strings.Contains(stderr.String(), "Run the quickstart inside a clone") {
		t.Errorf("stderr:\n%s", &stderr)
	}
}
