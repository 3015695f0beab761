package analysis

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Bounds of the histograms: a microsecond to a quarter of an hour and some, with
// three significant digits.
const (
	lowest  = time.Microsecond
	highest = 20 * time.Minute
	digits  = 3
)

// Histogram is a HDR histogram of durations in nanoseconds. Values outside the
// bounds are counted at the nearest bound, and as Clipped.
type Histogram struct {
	h       *hdrhistogram.Histogram
	Clipped int
}

// NewHistogram returns the histogram of some durations.
func NewHistogram(d []time.Duration) *Histogram {
	h := &Histogram{h: hdrhistogram.New(int64(lowest), int64(highest), digits)}
	for _, v := range d {
		at := max(lowest, min(highest, v))
		if at != v {
			h.Clipped++
		}
		_ = h.h.RecordValue(int64(at)) // within the bounds
	}
	return h
}

// Count is the number of values.
func (h *Histogram) Count() int64 { return h.h.TotalCount() }

// At returns a percentile, 0 to 100; 0 for an empty histogram.
func (h *Histogram) At(percentile float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.h.ValueAtPercentile(percentile))
}

// Bin is a bar of a histogram.
type Bin struct {
	From, To time.Duration
	Count    int64
}

// Bins are the bars that are not empty, ascending.
func (h *Histogram) Bins() []Bin {
	var out []Bin
	for _, b := range h.h.Distribution() {
		if b.Count > 0 {
			out = append(out, Bin{time.Duration(b.From), time.Duration(b.To), b.Count})
		}
	}
	return out
}

// Histogram is the histogram of the cell's latencies.
func (c *Cell) Histogram() *Histogram { return NewHistogram(c.All()) }
