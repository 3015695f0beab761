package lambdatest

import (
	"testing"
	"testing/synctest"
	"time"
)

// The first 6 MB pass at once, the rest at the rate, and a pause gives back what it would have carried.
func TestBandwidth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		at := func(want time.Duration, what string) {
			t.Helper()
			if got := time.Since(start).Round(time.Millisecond); got != want {
				t.Errorf("%s: after %v, want %v", what, got, want)
			}
		}
		b := newBandwidth(streamBandwidth)
		pass := func(bytes int) {
			for range bytes / (32 << 10) {
				b.pass(t.Context(), 32<<10)
			}
		}
		pass(6 << 20)
		at(0, "6 MB")
		pass(10 << 20)
		at(5*time.Second, "16 MB")
		<-time.After(2 * time.Second)
		pass(4 << 20)
		at(7*time.Second, "after a pause")
		pass(1 << 20)
		at(7500*time.Millisecond, "and on")
		<-time.After(time.Hour)
		pass(6 << 20)
		at(time.Hour+7500*time.Millisecond, "after an hour")
		pass(2 << 20)
		at(time.Hour+8500*time.Millisecond, "no more than 6 MB were saved")

		b = newBandwidth(-1)
		pass(100 << 20)
		at(time.Hour+8500*time.Millisecond, "unlimited")
	})
}
