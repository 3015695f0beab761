package analysis

import "github.com/go-offload/lambda/benchmarks/record"

// Fleet adds up what one function of a contestant went through in its rounds.
type Fleet struct {
	ColdStarts, Throttled int
}

func (f *Fleet) add(r record.Fleet) {
	f.ColdStarts += r.ColdStarts
	f.Throttled += r.Throttled
}

// Front is the function that the client reaches.
func (c *Cell) Front() Fleet {
	var f Fleet
	for _, r := range c.Rounds {
		f.add(r.Handler)
	}
	return f
}

// Worker is the function that runs tasks sent elsewhere; zero if there is none.
func (c *Cell) Worker() Fleet {
	var f Fleet
	for _, r := range c.Rounds {
		if r.Worker != nil {
			f.add(*r.Worker)
		}
	}
	return f
}
