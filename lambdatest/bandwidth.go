package lambdatest

import (
	"context"
	"time"
)

// Bandwidth of a streamed response ("Bandwidth limits for response streaming" in the Developer Guide): the first 6 MB
// are not limited, and what comes after them is to 2 MB a second.
const (
	streamBurst     = 6 << 20
	streamBandwidth = 2 << 20
)

// bandwidth holds up a streamed response, as a token bucket: AWS's runtime interface emulator has one in its code for
// it, so a response that pauses regains some of the unlimited start. Here it is refilled continuously, there every 125 ms.
type bandwidth struct {
	rate   float64 // bytes per second; not positive: unlimited
	tokens float64 // below 0: owed
	filled time.Time
}

func newBandwidth(rate int) *bandwidth {
	return &bandwidth{rate: float64(rate), tokens: streamBurst, filled: time.Now()}
}

// pass waits until n more bytes may have passed.
func (b *bandwidth) pass(ctx context.Context, n int) {
	if b.rate <= 0 {
		return
	}
	now := time.Now()
	b.tokens = min(streamBurst, b.tokens+now.Sub(b.filled).Seconds()*b.rate) - float64(n)
	b.filled = now
	if b.tokens >= 0 {
		return
	}
	timer := time.NewTimer(time.Duration(-b.tokens / b.rate * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done(): // the function is gone
	}
}
