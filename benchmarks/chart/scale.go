package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Format prints a value of an axis.
type Format func(float64) string

// Seconds prints seconds as a person would: 350 µs, 21 ms, 5 s, 15 min.
func Seconds(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 0.001:
		return figures(v*1e6) + " µs"
	case v < 0.9995:
		return figures(v*1e3) + " ms"
	case v < 119.5:
		return figures(v) + " s"
	case v < 5400:
		return figures(v/60) + " min"
	default:
		return figures(v/3600) + " h"
	}
}

// Dollars prints US dollars: $0.26, $1.30, $144, $14.4k.
func Dollars(v float64) string {
	switch {
	case v == 0:
		return "$0"
	case v < 0.01:
		return "$" + strconv.FormatFloat(v, 'g', 2, 64)
	case v < 100 && v != math.Round(v):
		return fmt.Sprintf("$%.2f", v)
	case v < 9999.5:
		return "$" + Count(v)
	case v < 1e6:
		return "$" + figures(v/1e3) + "k"
	default:
		return "$" + figures(v/1e6) + "M"
	}
}

// Count prints a number: 0.2, 3, 12,000.
func Count(v float64) string {
	if v < 999.5 {
		return figures(v)
	}
	s := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// figures is a number with three significant figures and no exponent.
func figures(v float64) string {
	if v == 0 {
		return "0"
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))+1e-9))
	s := strconv.FormatFloat(v, 'f', max(0, digits), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// scale maps values to pixels.
type scale struct {
	from, to float64 // values
	a, b     float64 // pixels
	log      bool
}

func (s scale) at(v float64) float64 {
	from, to := s.from, s.to
	if s.log {
		from, to, v = math.Log(from), math.Log(to), math.Log(math.Max(v, s.from))
	}
	return s.a + (v-from)/(to-from)*(s.b-s.a)
}

// linear is a scale from zero to a round number not below v.
func linear(v, a, b float64) (scale, []float64) {
	if !(v > 0) {
		v = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{0.2, 0.5, 1, 2} {
		if v/(step*f) <= 5 {
			step *= f
			break
		}
	}
	n := math.Ceil(v/step - 1e-9)
	ticks := make([]float64, int(n)+1)
	for i := range ticks {
		ticks[i] = float64(i) * step
	}
	return scale{from: 0, to: n * step, a: a, b: b}, ticks
}

// logarithmic is a scale over the values from lo to hi and its ticks: powers of
// ten, with 2 and 5 between if there is room for them.
func logarithmic(lo, hi, a, b, room float64) (scale, []float64) {
	if !(lo > 0) {
		lo = 1e-6
	}
	if !(hi > lo) {
		hi = lo * 10
	}
	s := scale{from: lo, to: hi, a: a, b: b, log: true}
	decades := math.Log10(hi / lo)
	per := math.Abs(b-a) / decades // pixels
	factors := []float64{1}
	switch {
	case per > 3.4*room:
		factors = []float64{1, 2, 5}
	case per > 2.2*room:
		factors = []float64{1, 3}
	}
	every := 1.0
	if per < room {
		every = math.Ceil(room / per)
	}
	var ticks []float64
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		if math.Mod(math.Abs(e), every) != 0 {
			continue
		}
		for _, f := range factors {
			if v := math.Pow(10, e) * f; v >= lo*0.999 && v <= hi*1.001 {
				ticks = append(ticks, v)
			}
		}
	}
	return s, ticks
}
