package chart

import (
	"math"
	"testing"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		got, want string
	}{
		{Seconds(0), "0"},
		{Seconds(0.00035), "350 µs"},
		{Seconds(0.0214), "21.4 ms"},
		{Seconds(0.9999), "1 s"},
		{Seconds(100), "100 s"},
		{Seconds(900), "15 min"},
		{Seconds(7200), "2 h"},
		{Dollars(0), "$0"},
		{Dollars(0.26), "$0.26"},
		{Dollars(30), "$30"},
		{Dollars(143.7), "$144"},
		{Dollars(2174.3), "$2,174"},
		{Dollars(14400), "$14.4k"},
		{Dollars(2.5e6), "$2.5M"},
		{Count(0.2), "0.2"},
		{Count(999.7), "1,000"},
		{Count(1234567), "1,234,567"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestScalesKeepTheirTicksInside(t *testing.T) {
	t.Parallel()
	for _, hi := range []float64{1e-6, 0.3, 1, 7, 5.84, 99, 1e5, math.Inf(1), math.NaN(), -1} {
		if math.IsInf(hi, 0) {
			continue
		}
		s, ticks := linear(hi, 100, 500)
		if len(ticks) < 2 || len(ticks) > 8 || s.at(ticks[0]) != 100 || math.Abs(s.at(ticks[len(ticks)-1])-500) > 1e-6 || hi > s.to+1e-12 {
			t.Errorf("linear to %v: ticks %v end at %v", hi, ticks, s.to)
		}
	}
	for _, r := range [][2]float64{{1, 1000}, {0.02, 6}, {1e-6, 1e6}, {0, 0}, {5, 5}, {math.NaN(), 1}} {
		s, ticks := logarithmic(r[0], r[1], 0, 400, tickRoom)
		if len(ticks) == 0 {
			t.Errorf("logarithmic %v has no ticks", r)
		}
		last := math.Inf(-1)
		for _, v := range ticks {
			x := s.at(v)
			if x < -1 || x > 401 || x-last < 30 {
				t.Errorf("logarithmic %v: ticks %v: %v lies at %v", r, ticks, v, x)
			}
			last = x
		}
	}
}

func TestNeighbouringNamesDoNotCoverEachOther(t *testing.T) {
	t.Parallel()
	l := Lines{XFormat: Count, YFormat: Count}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		l.Series = append(l.Series, Line{Name: name, Role: Keeps, Points: []XY{{1, 1}, {10, 5}}}) // all end at one place
	}
	var at []float64
	for _, m := range l.Draw(820).marks {
		if x, ok := m.(text); ok && x.bold {
			at = append(at, x.y)
		}
	}
	if len(at) != len(l.Series) {
		t.Fatalf("%d names, want %d", len(at), len(l.Series))
	}
	for i := range at {
		for k := range i {
			if math.Abs(at[i]-at[k]) < fontAxis {
				t.Errorf("names %d and %d lie at %v and %v", k, i, at[k], at[i])
			}
		}
	}
}
