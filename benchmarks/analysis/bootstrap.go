package analysis

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Interval is an estimate with its 95 % confidence interval.
type Interval struct{ Value, Low, High float64 }

// resamples is how many samples the bootstrap draws: the ends of the interval are
// its 25th and 976th.
const resamples = 1000

// Medians draws bootstrap samples of the median of some rounds, in seconds,
// ascending. Rounds are drawn first and then requests within each: requests of
// one round share the state that the machine was in, so drawing requests alone
// would promise more than another run keeps. The same rounds and seed give the
// same samples.
func Medians(rounds [][]time.Duration, seed uint64) []float64 {
	rounds = slices.DeleteFunc(slices.Clone(rounds), func(r []time.Duration) bool { return len(r) == 0 })
	if len(rounds) == 0 {
		return nil
	}
	rnd := rand.New(rand.NewPCG(seed, 0x6f66666c6f6164))
	total := 0
	for _, r := range rounds {
		total += len(r)
	}
	out := make([]float64, resamples)
	sample := make([]time.Duration, 0, 2*total)
	for i := range out {
		sample = sample[:0]
		for range rounds {
			r := rounds[rnd.IntN(len(rounds))]
			for range r {
				sample = append(sample, r[rnd.IntN(len(r))])
			}
		}
		out[i] = median(sample).Seconds()
	}
	return out
}

// median sorts its argument; that of an even number of values is the mean of the
// two in the middle.
func median[T time.Duration | float64](d []T) T {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return (d[(len(d)-1)/2] + d[len(d)/2]) / 2
}

// Median is the median latency of the cell in seconds, with its interval. Zero if
// nothing was answered.
func (c *Cell) Median() Interval {
	return interval(median(slices.Concat(c.Latencies...)).Seconds(), Medians(c.Latencies, 1))
}

func interval(value float64, samples []float64) Interval {
	if len(samples) == 0 {
		return Interval{}
	}
	samples = slices.Sorted(slices.Values(samples))
	n := len(samples)
	return Interval{Value: value, Low: samples[n*25/1000], High: samples[n*975/1000]}
}

// Ratio is the ratio of two medians with its interval.
func Ratio(a, b *Cell) Interval {
	below := median(slices.Concat(b.Latencies...)).Seconds()
	// Different seeds: two runs are independent of each other.
	x, y := Medians(a.Latencies, 1), Medians(b.Latencies, 2)
	if len(x) == 0 || len(y) == 0 || below == 0 {
		return Interval{}
	}
	ratios := make([]float64, len(x))
	for i := range x {
		ratios[i] = x[i] / y[i]
	}
	return interval(median(slices.Concat(a.Latencies...)).Seconds()/below, ratios)
}

// Moved is how the ratio of a contestant to a base moved between two runs, with
// its interval: (b / baseB) / (a / baseA).
func Moved(a, baseA, b, baseB *Cell) Interval {
	if a == baseA && b == baseB {
		return Interval{Value: 1, Low: 1, High: 1}
	}
	first, second := Ratio(a, baseA), Ratio(b, baseB)
	if first.Value == 0 || second.Value == 0 {
		return Interval{}
	}
	cells := [4]*Cell{b, baseB, a, baseA}
	var samples [4][]float64
	for i, c := range cells {
		samples[i] = Medians(c.Latencies, uint64(3+i))
	}
	moved := make([]float64, resamples)
	for i := range moved {
		moved[i] = samples[0][i] / samples[1][i] * samples[3][i] / samples[2][i]
	}
	return interval(second.Value/first.Value, moved)
}
