// Package leaktest fails a package's tests when a goroutine or a process outlives them.
package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"
)

// Main runs the tests, as the body of TestMain, and exits.
func Main(m interface{ Run() int }) {
	code := m.Run()
	if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport.CloseIdleConnections()
	}
	if left := leftovers(5 * time.Second); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "left behind:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leftovers gives goroutines and processes some time to end and describes the rest.
func leftovers(patience time.Duration) string {
	for deadline := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		buf := make([]byte, 1<<20)
		left := children()
		for i, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			// The first is this one. Fuzzing, and whoever else asked for signals, leaves os/signal's own for good.
			if i > 0 && !strings.Contains(stack, "testing.(*") && !strings.Contains(stack, "os/signal.loop") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
	}
}
