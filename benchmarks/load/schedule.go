// Package load sends requests at given times, whatever became of the ones before
// (an open model), and says when what of the answers came. Latency counts from
// the intended time, so that a client which a slow answer holds up does not leave
// the wait of the requests behind it out of the numbers (coordinated omission).
package load

import (
	"math"
	"time"

	"github.com/go-offload/lambda/benchmarks/workload"
)

// Schedule is when the n requests of a round are to be sent, from its start.
func Schedule(l workload.Load, n int) []time.Duration {
	at := make([]time.Duration, n)
	for i := range at {
		at[i] = time.Duration(due(l, float64(i), float64(n)) * float64(time.Second))
	}
	return at
}

// due is when request i of n is sent, in seconds. The rate of a ramp after t is
// r + (to-r)t/T, and T = 2n/(r+to) is when n have been sent: the sum over time
// is i for t = (sqrt(r² + 2ai) - r)/a with a = (to-r)/T.
func due(l workload.Load, i, n float64) float64 {
	if l.Shape != workload.Ramp || l.To == l.Rate {
		return i / l.Rate
	}
	a := (l.To - l.Rate) * (l.Rate + l.To) / (2 * n)
	return (math.Sqrt(max(0, l.Rate*l.Rate+2*a*i)) - l.Rate) / a
}

// Lasts is how long sending n requests takes, the pause after the last one
// included.
func Lasts(l workload.Load, n int) time.Duration {
	return time.Duration(due(l, float64(n), float64(n)) * float64(time.Second))
}
