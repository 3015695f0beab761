// Package compare holds two benchmark files against each other: do they agree on
// the order of the contestants, and by which factors do their medians differ?
package compare

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/cost"
)

// ErrNothing is wrapped when two files have no workload and contestant in common.
var ErrNothing = errors.New("compare: the files have nothing in common")

// Comparison is the answer for all workloads that both files have.
type Comparison struct{ Workloads []Workload }

// Workload is the comparison on one workload.
type Workload struct {
	Name string
	Rows []Row // contestants that both files measured, by the order of the first
	// Swapped are pairs of contestants that the files put in opposite orders, both
	// with a difference that is more than chance.
	Swapped [][2]cost.Contestant
	// Base is the contestant that Row.Share is relative to: inline; or goroutine, the
	// handler alone, where inline is too late for its client; or else the first of
	// cost.Contestants that both files have.
	Base cost.Contestant
}

// Row is one contestant in both files. Times are seconds.
type Row struct {
	Contestant cost.Contestant
	A, B       analysis.Interval // medians
	Ratio      analysis.Interval // B / A
	Verdict    Verdict           // on Ratio
	// Share is how the ratio to the base moved: (B / base of B) / (A / base of A).
	// A machine that is slower as a whole leaves it at 1.
	Share        analysis.Interval
	ShareVerdict Verdict

	a, b *analysis.Cell
}

// Verdict is what a ratio says.
type Verdict string

// The verdicts.
const (
	Same   Verdict = "same"   // within the tolerance
	Chance Verdict = "chance" // outside, but the interval contains 1
	Differ Verdict = "differs"
)

// Of compares two files. Tolerance is by which share a ratio may miss 1: 0.1 for
// 10 %. The error wraps ErrNothing.
func Of(a, b *analysis.Results, tolerance float64) (*Comparison, error) {
	c := &Comparison{}
	for _, w := range a.Workloads() {
		if rows := pairs(a.Of(w.Name), b); len(rows) > 0 {
			c.Workloads = append(c.Workloads, judge(w.Name, rows, tolerance))
		}
	}
	if len(c.Workloads) == 0 {
		return nil, fmt.Errorf("%w: no contestant was answered on the same workload in both", ErrNothing)
	}
	return c, nil
}

func pairs(cells []*analysis.Cell, other *analysis.Results) []Row {
	var rows []Row
	for _, a := range cells {
		b := other.Cell(a.Workload.Name, a.Contestant)
		if b == nil || a.Answered == 0 || b.Answered == 0 {
			continue
		}
		rows = append(rows, Row{Contestant: a.Contestant, A: a.Median(), B: b.Median(), Ratio: analysis.Ratio(b, a), a: a, b: b})
	}
	return rows
}

func judge(name string, rows []Row, tolerance float64) Workload {
	slices.SortStableFunc(rows, func(x, y Row) int { return cmp.Compare(x.A.Value, y.A.Value) })
	w := Workload{Name: name, Rows: rows}
	base := 0
	for i := range rows {
		if rank(rows[i].Contestant) < rank(rows[base].Contestant) {
			base = i
		}
	}
	w.Base = rows[base].Contestant
	for i := range rows {
		r := &rows[i]
		r.Share = analysis.Moved(r.a, rows[base].a, r.b, rows[base].b)
		r.Verdict, r.ShareVerdict = verdict(r.Ratio, tolerance), verdict(r.Share, tolerance)
		for k := range i {
			faster, slower := rows[k], *r
			// Both files have to be sure of their order, or it is chance.
			if faster.A.High < slower.A.Low && slower.B.High < faster.B.Low {
				w.Swapped = append(w.Swapped, [2]cost.Contestant{faster.Contestant, slower.Contestant})
			}
		}
	}
	return w
}

// rank of a contestant among those who may be the base: inline and goroutine are
// the first contestants.
func rank(c cost.Contestant) int { return slices.Index(cost.Contestants(), c) }

func verdict(i analysis.Interval, tolerance float64) Verdict {
	switch {
	case math.Abs(i.Value-1) <= tolerance:
		return Same
	case i.Low <= 1 && i.High >= 1:
		return Chance
	default:
		return Differ
	}
}

// Agrees reports whether the files put the contestants in the same order and no
// share moved by more than the tolerance, unless that may be chance.
func (c *Comparison) Agrees() bool {
	for _, w := range c.Workloads {
		if len(w.Swapped) > 0 {
			return false
		}
	}
	return c.shares(Differ) == 0
}

// shares counts the shares of a verdict.
func (c *Comparison) shares(v Verdict) int {
	n := 0
	for _, w := range c.Workloads {
		for _, r := range w.Rows {
			if r.ShareVerdict == v {
				n++
			}
		}
	}
	return n
}
