package offload

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain fails if goroutines of this package are left when all tests are over.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := leftover(5 * time.Second); left != nil {
			fmt.Fprintf(os.Stderr, "a goroutine was left behind:\n\n%s\n", left)
			code = 1
		}
	}
	os.Exit(code)
}

// leftover gives the stack of a goroutine that is still there after a while.
func leftover(patience time.Duration) []byte {
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(patience); ; <-poll.C {
		left := ours()
		if left == nil || time.Now().After(end) {
			return left
		}
	}
}

// ours gives the stack of one goroutine, other than this one, that runs code of
// this module or was started by it. Those that gave the runtime loop away are parked for good.
func ours() []byte {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for i, stack := range bytes.Split(buf, []byte("\n\n")) {
		if i > 0 && bytes.Contains(stack, []byte("github.com/go-offload/lambda/")) && !bytes.Contains(stack, []byte(".returnLoop(")) {
			return stack
		}
	}
	return nil
}
