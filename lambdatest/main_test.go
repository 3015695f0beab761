package lambdatest_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain fails the package when a test leaves a process or a goroutine behind.
func TestMain(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("6") // the tests wait for timeouts and windows more than they compute
	}
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
		if left = children(); left != "" {
			continue
		}
		if left = goroutines(); left == "" {
			return ""
		}
	}
	return left
}

// pause is the step of polling loops; each has a deadline.
func pause() { <-time.After(2 * time.Millisecond) }

// children lists the processes that have this one as their parent. Elsewhere than on Linux nobody looks.
func children() string {
	var found []string
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			found = append(found, string(stat))
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "processes left behind:\n" + strings.Join(found, "")
}

// goroutines reports those that run code of this module.
func goroutines() string {
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, "/lambdatest.") && !strings.Contains(stack, "TestMain") {
			return "goroutines left behind:\n" + stack
		}
	}
	return ""
}

// state is the state letter of a process in /proc, "T" when it is stopped.
func state(tb testing.TB, pid int) string {
	tb.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "gone"
	}
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))[0]
}

func onLinux(tb testing.TB) {
	tb.Helper()
	if runtime.GOOS != "linux" {
		tb.Skip("reads /proc")
	}
}
