package chart

import (
	"image/color"
	"math"
	"testing"
)

// linearLight undoes the gamma of sRGB.
func linearLight(c color.RGBA) [3]float64 {
	var out [3]float64
	for i, v := range []uint8{c.R, c.G, c.B} {
		if x := float64(v) / 255; x <= 0.04045 {
			out[i] = x / 12.92
		} else {
			out[i] = math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	return out
}

// contrast is that of WCAG 2.2.
func contrast(a, b color.RGBA) float64 {
	luminance := func(c color.RGBA) float64 {
		l := linearLight(c)
		return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
	}
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func TestContrast(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Scheme{"light": Light(), "dark": Dark()} {
		for _, r := range []Role{Ink, Muted, Alarm, Sends} { // links have the colour of Sends
			if got := contrast(s[r], s[Paper]); got < 4.5 {
				t.Errorf("%s: text in %s has a contrast of %.2f, want 4.5 (WCAG 1.4.3)", name, r, got)
			}
		}
		for _, r := range Series() {
			if got := contrast(s[r], s[Paper]); got < 3 {
				t.Errorf("%s: marks in %s have a contrast of %.2f, want 3 (WCAG 1.4.11)", name, r, got)
			}
		}
	}
}

// vision is how colours look to a reader: matrices on linear light of Machado,
// Oliveira and Fernandes (2009), severity 1.
var vision = map[string][3][3]float64{
	"normal":       {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// lab is CIE L*a*b* under D65.
func lab(c color.RGBA, m [3][3]float64) [3]float64 {
	in := linearLight(c)
	var rgb [3]float64
	for i := range rgb {
		for k := range in {
			rgb[i] += m[i][k] * in[k]
		}
		rgb[i] = math.Max(0, math.Min(1, rgb[i]))
	}
	f := func(v float64) float64 {
		if v > 216.0/24389 {
			return math.Cbrt(v)
		}
		return (24389.0/27*v + 16) / 116
	}
	x := f((0.4124564*rgb[0] + 0.3575761*rgb[1] + 0.1804375*rgb[2]) / 0.95047)
	y := f(0.2126729*rgb[0] + 0.7151522*rgb[1] + 0.0721750*rgb[2])
	z := f((0.0193339*rgb[0] + 0.1191920*rgb[1] + 0.9503041*rgb[2]) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func TestSeriesAreApartForColourBlindReaders(t *testing.T) {
	t.Parallel()
	// A difference of 2.3 is just noticeable side by side; marks that lie apart
	// need several times that.
	const apart = 12
	for name, s := range map[string]Scheme{"light": Light(), "dark": Dark()} {
		for eyes, m := range vision {
			for i, a := range Series() {
				for _, b := range Series()[i+1:] {
					x, y := lab(s[a], m), lab(s[b], m)
					d := math.Sqrt((x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1]) + (x[2]-y[2])*(x[2]-y[2]))
					if d < apart {
						t.Errorf("%s, %s: %s and %s differ by %.1f, want %d", name, eyes, a, b, d, apart)
					}
				}
			}
		}
	}
}

func TestSchemesHaveTheSameRoles(t *testing.T) {
	t.Parallel()
	light, dark := Light(), Dark()
	if len(light) != len(dark) {
		t.Errorf("%d and %d roles", len(light), len(dark))
	}
	for r := range light {
		if _, ok := dark[r]; !ok {
			t.Errorf("dark has no %s", r)
		}
	}
}
