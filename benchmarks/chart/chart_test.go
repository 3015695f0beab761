package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

type drawable interface{ Draw(float64) *Drawing }

func someLines() Lines {
	return Lines{
		Title: "Dollars", Description: "By duration.", XAxis: "duration", YAxis: "dollars", XFormat: Seconds, YFormat: Dollars,
		Series: []Line{
			{Name: "extension", Role: Keeps, Points: []XY{{0.001, 5}, {1, 50}, {100, 5000}}},
			{Name: "sqs", Role: Sends, Dash: []float64{7, 4}, Points: []XY{{0.001, 30}, {1, 40}, {100, 1000}}},
		},
		Points: []Measured{{Name: "sqs", Role: Sends, XY: XY{1, 42}}},
		Marks:  []Mark{{X: 0.74, Label: "740 ms: sqs cheaper than extension"}},
	}
}

func charts() map[string]drawable {
	return map[string]drawable{
		"distributions": Distributions{
			Title: "Latency", Description: "By contestant.", Axis: "time to the last byte",
			Rows: []Distribution{
				{Name: "inline", Role: Waits, Bins: []Bin{{4.9, 5, 9}, {5, 5.1, 1}}, P50: 5, P99: 5.1, Max: 5.1, Note: "10 of 10 too late", Alarm: true, Limit: 3},
				{Name: "extension", Role: Keeps, Bins: []Bin{{0.020, 0.021, 8}, {0.030, 0.031, 2}}, P50: 0.021, P99: 0.031, Max: 0.031, Note: "21 ms / 31 ms", Limit: 3},
				{Name: "goroutine", Role: Loses, Note: "no answer", Alarm: true},
			},
		},
		"bars": Bars{
			Title: "Cold starts", Description: "By contestant.", Axis: "cold starts", Measured: "measured", Modelled: "modelled",
			Rows: []Bar{
				{Name: "invoke", Role: Sends, Value: 2, Modelled: 3, Note: "2"},
				{Name: "extension", Role: Keeps, Value: 18, To: 20, Modelled: math.NaN(), Note: "18"},
				{Name: "stream", Role: Keeps, Value: math.NaN(), Modelled: 18},
			},
		},
		"lines": someLines(),
		"timeline": Timeline{
			Title: "One invocation", Description: "By contestant.", Axis: "time", Until: 0.4,
			Rows: []Lane{{
				Name: "sqs", Role: Sends, Answer: 0.025, Note: "billed 330 ms",
				Spans: []Span{
					{Phase: Handling, From: 0, To: 0.02, Title: "handler"},
					{Phase: Billed, From: 0, To: 0.024, Title: "billed 24 ms"},
					{Phase: Frozen, From: 0.024, To: 0.4, Title: "frozen"},
					{Phase: Working, From: 0.03, To: 0.33, Second: true, Title: "task 0"},
				},
			}},
		},
	}
}

// One answer that is late by far must not press the bars, which are what the figure is about, into a corner.
func TestBarsKeepTheirScale(t *testing.T) {
	t.Parallel()
	bars := Bars{Format: Seconds, Rows: []Bar{
		{Name: "inline", Role: Waits, Value: 5, To: 6, Modelled: math.NaN()},
		{Name: "invoke", Role: Sends, Value: 0.02, To: 0.03, Modelled: math.NaN()},
	}}
	longest := func() float64 {
		w := 0.0
		for _, m := range bars.Draw(820).marks {
			if r, ok := m.(rect); ok {
				w = math.Max(w, r.w)
			}
		}
		return w
	}
	before := longest()
	if bars.OffScale() {
		t.Error("a line of 6 s beside a bar of 5 s has no room")
	}
	bars.Rows[1].To = 60
	if !bars.OffScale() {
		t.Error("a line of 60 s beside a bar of 5 s is on the scale")
	}
	if after := longest(); after < before {
		t.Errorf("the longest bar has %.0f px, without the late answer %.0f", after, before)
	}
}

func TestGoldenDrawings(t *testing.T) {
	t.Parallel()
	for name, c := range charts() {
		for size, width := range map[string]float64{"wide": 820, "narrow": 350} {
			var b bytes.Buffer
			if err := c.Draw(width).SVG(&b); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+"-"+size+".svg")
			if *update {
				if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("%s is not what it was; look at it and run with -update", path)
			}
		}
	}
}

func TestDrawingsAreWellFormedAndNamed(t *testing.T) {
	t.Parallel()
	for name, c := range charts() {
		d := c.Draw(600)
		if d.Marks() == 0 {
			t.Errorf("%s has no marks", name)
		}
		var b bytes.Buffer
		if err := d.Inline(&b); err != nil {
			t.Fatal(err)
		}
		svg := b.String()
		if n := strings.Count(svg, "data-mark"); n != d.Marks() {
			t.Errorf("%s: %d elements with a tooltip, want %d", name, n, d.Marks())
		}
		if !strings.Contains(svg, `role="img"`) || !strings.Contains(svg, "<desc") {
			t.Errorf("%s has no name for screen readers", name)
		}
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("%s contains numbers that are none", name)
		}
		for x := xml.NewDecoder(&b); ; {
			if _, err := x.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestTextOfOthersIsEscaped(t *testing.T) {
	t.Parallel()
	const hostile = `</text><script>alert("x")</script>&`
	d := Bars{Title: hostile, Description: hostile, Axis: hostile, Rows: []Bar{{Name: hostile, Value: 1, Note: hostile, Role: Keeps, Modelled: math.NaN()}}}.Draw(600)
	var b bytes.Buffer
	if err := d.SVG(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script") || strings.Contains(b.String(), "</text><") {
		t.Errorf("text became markup: %s", b.String())
	}
}

func TestChartsOfNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []drawable{
		Distributions{},
		Distributions{Rows: []Distribution{{Name: "inline"}}},
		Bars{},
		Bars{Rows: []Bar{{Name: "inline"}}},
		Lines{XFormat: Count, YFormat: Count},
		Lines{XFormat: Count, YFormat: Count, Series: []Line{{Name: "none"}, {Name: "one", Role: Keeps, Points: []XY{{1, 1}}}}},
		Timeline{},
		Timeline{Rows: []Lane{{Name: "inline"}}},
	} {
		var b bytes.Buffer
		if err := c.Draw(350).SVG(&b); err != nil {
			t.Fatal(err)
		}
		if s := b.String(); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("%#v is drawn with numbers that are none: %s", c, s)
		}
		if d := c.Draw(820); d.Height <= 0 || len(d.Image(1, Light()).Pix) == 0 {
			t.Errorf("%#v has no extent", c)
		}
	}
}

func TestPNGShowsWhatTheSVGSays(t *testing.T) {
	t.Parallel()
	for name, c := range charts() {
		d := c.Draw(820)
		var svg bytes.Buffer
		if err := d.Inline(&svg); err != nil {
			t.Fatal(err)
		}
		seen := make(map[[3]uint8]bool)
		for pix := d.Image(1, Dark()).Pix; len(pix) > 0; pix = pix[4:] {
			seen[[3]uint8(pix)] = true
		}
		for role, c := range Dark() {
			drawn := strings.Contains(svg.String(), `"f-`+string(role)+`"`) || role == Paper
			if drawn && !seen[[3]uint8{c.R, c.G, c.B}] {
				t.Errorf("%s: nothing is painted in the colour of %s", name, role)
			}
		}
	}
}

func TestFramedKeepsTheMarksAndAddsWords(t *testing.T) {
	t.Parallel()
	for name, c := range charts() {
		d := c.Draw(600)
		framed := d.Framed("How to read it.", strings.Repeat("machine ", 60))
		if framed.Marks() != d.Marks() || framed.Height < d.Height+60 {
			t.Errorf("%s: %d marks in %v px, before it were %d in %v", name, framed.Marks(), framed.Height, d.Marks(), d.Height)
		}
		var b bytes.Buffer
		if err := framed.SVG(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "How to read it.</text>") || strings.Contains(b.String(), "<pattern") != d.hatches() {
			t.Errorf("%s: %s", name, b.String())
		}
		// The same picture, further down.
		inner, outer := d.Image(1, Light()), framed.Image(1, Light())
		dy := -1
		for y := 0; y < 60 && dy < 0; y++ {
			if bytes.Equal(outer.Pix[y*outer.Stride:][:outer.Stride*100], inner.Pix[:inner.Stride*100]) {
				dy = y
			}
		}
		if dy < 15 {
			t.Errorf("%s: the drawing is not below its title", name)
		}
	}
}

func TestPNGHasThePixelsOfItsScale(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := someLines().Draw(350).PNG(&b, 2, Light()); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Dx(); got != 700 {
		t.Errorf("%d pixels wide, want 700", got)
	}
}

func TestDashesCoverTheirShare(t *testing.T) {
	t.Parallel()
	drawn := 0.0
	for _, p := range dashes([]Point{{0, 0}, {30, 40}, {30, 100}}, []float64{7, 3}) { // 110 long
		drawn += math.Hypot(p[1].X-p[0].X, p[1].Y-p[0].Y)
	}
	if math.Abs(drawn-77) > 0.01 {
		t.Errorf("%v of 110 are drawn, want 77", drawn)
	}
}
