package leaktest

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestLeftovers(t *testing.T) { // not parallel: whatever else runs is a leftover too
	if left := leftovers(time.Minute); left != "" {
		t.Fatalf("before anything was started:\n%s", left)
	}
	release := make(chan struct{})
	go func() { <-release }()
	if left := leftovers(0); !strings.Contains(left, "leaktest.TestLeftovers") {
		t.Errorf("a goroutine was missed: %q", left)
	}
	close(release)
	if left := leftovers(time.Minute); left != "" {
		t.Errorf("a goroutine that has ended:\n%s", left)
	}
}

func TestChildren(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	cmd := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if found := children(); len(found) != 1 || !strings.Contains(found[0], "(sleep)") {
		t.Errorf("%q, want the child", found)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	if found := children(); len(found) != 0 {
		t.Errorf("%q after its end", found)
	}
}
