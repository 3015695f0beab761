// Package e2e runs whole Lambda functions, built on offload with the strategies that keep
// the environment awake, under a local Lambda that freezes them, and looks at what their callers
// get and at when their tasks run.
package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain fails the package when a test leaves a process or a goroutine behind.
func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if left := leftBehind(); left != "" && code == 0 {
		fmt.Fprintln(os.Stderr, left)
		code = 1
	}
	os.Exit(code)
}

func leftBehind() string {
	var left string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); pause() {
		if left = children() + goroutines(); left == "" {
			return ""
		}
	}
	return left
}

// pause is the step of polling loops; each has a deadline.
func pause() { <-time.After(2 * time.Millisecond) }

// children lists the processes that this one started. Where there is no /proc there is nothing to see.
func children() string {
	var found strings.Builder
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		if stat, err := os.ReadFile(name); err == nil && parent(stat) == os.Getpid() {
			fmt.Fprintf(&found, "process left behind: %s", stat)
		}
	}
	return found.String()
}

// parent reads the fourth field; the second is a name in parentheses that may have anything in it.
func parent(stat []byte) int {
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	pid, _ := strconv.Atoi(fields[1])
	return pid
}

// goroutines reports those that run code of this module.
func goroutines() string {
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, "go-offload/lambda/") && !strings.Contains(stack, "TestMain") {
			return "goroutines left behind:\n" + stack
		}
	}
	return ""
}
