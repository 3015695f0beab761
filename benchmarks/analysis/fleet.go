package analysis

import "github.com/go-offload/lambda/benchmarks/record"

// Fleet adds up what both functions of a contestant used in its rounds.
type Fleet struct {
	Invocations, ColdStarts, Throttled int
	BilledMS                           int64
	// Peak is the most environments busy at the same time in one round, and Mean
	// the mean over rounds of those busy on average. Front and worker peak at
	// different times, so the peak of both together is at most their sum.
	Peak int
	Mean float64
}

func (f *Fleet) add(r record.Fleet, rounds int) {
	f.Invocations += r.Invocations
	f.ColdStarts += r.ColdStarts
	f.Throttled += r.Throttled
	f.BilledMS += r.BilledMS
	f.Peak = max(f.Peak, r.PeakEnvironments)
	f.Mean += r.MeanEnvironments / float64(rounds)
}

// Front is the function that the client reaches.
func (c *Cell) Front() Fleet {
	var f Fleet
	for _, r := range c.Rounds {
		f.add(r.Handler, len(c.Rounds))
	}
	return f
}

// Worker is the function that runs tasks sent elsewhere; zero if there is none.
func (c *Cell) Worker() Fleet {
	var f Fleet
	for _, r := range c.Rounds {
		if r.Worker != nil {
			f.add(*r.Worker, len(c.Rounds))
		}
	}
	return f
}
