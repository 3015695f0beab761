// Package leaktest fails a package's tests when a goroutine outlives them.
package leaktest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Main runs the tests, as the body of TestMain, and exits.
func Main(m interface{ Run() int }) {
	code := m.Run()
	if left := leftovers(); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines left behind:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leftovers waits a while for goroutines to end and returns the stacks of the rest.
func leftovers() string {
	for deadline := time.Now().Add(5 * time.Second); ; <-time.After(10 * time.Millisecond) {
		buf := make([]byte, 1<<20)
		var left []string
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
