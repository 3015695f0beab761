//go:build unix

package lambdatest

import (
	"testing"
	"time"
)

// A process that prints faster than its lines are logged does not keep a drain from its end.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	lines := 0
	var again func()
	out, w, err := newOutput(func(time.Time, string) {
		lines++
		again()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer out.read.Close()
	defer w.Close()
	again = func() {
		if lines > 1<<20 {
			t.Fatal("it never ends")
		}
		if _, err := w.WriteString("again\n"); err != nil {
			t.Error(err)
		}
	}
	again()
	out.drain()
	if lines == 0 {
		t.Error("nothing was read")
	}
	rest := lines
	again = func() {}
	out.drain()
	if lines != rest+1 {
		t.Errorf("%d lines after %d", lines, rest)
	}
}
