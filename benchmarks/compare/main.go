package compare

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/record"
)

// ErrDiffer is returned by Main when the files do not agree. The comparison has
// been printed.
var ErrDiffer = errors.New("the two runs do not agree")

// Main is the subcommand compare.
func Main(_ context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(stderr)
	tolerance := f.Float64("tolerance", 0.1, "by which `share` a ratio of medians may miss 1")
	f.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: go run ./benchmarks compare [flags] A B\n\n"+
			"Compares two files of run. The exit status of the built program is 0 if they agree: contestants in the same\n"+
			"order, where both are sure of it, and ratios to the inline contestant within the tolerance or not surely\n"+
			"outside; 3 if they do not; 1 for an error. (`go run` itself turns every failure into 1.)")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 2 || !(*tolerance >= 0 && *tolerance < 1) {
		return errors.New("want two files of run, and a tolerance from 0 to 1; -h says more")
	}
	a, err := record.Open(f.Arg(0))
	if err != nil {
		return err
	}
	b, err := record.Open(f.Arg(1))
	if err != nil {
		return err
	}
	c, err := Of(analysis.Of(a), analysis.Of(b), *tolerance)
	if err != nil {
		return err
	}
	for _, note := range append(unlike(a.Run, b.Run), changed(a, b)...) {
		if _, err := fmt.Fprintln(stdout, "note: "+note); err != nil {
			return err
		}
	}
	if err := c.print(stdout, *tolerance); err != nil {
		return err
	}
	if !c.Agrees() {
		return ErrDiffer
	}
	return nil
}

// idleness says what a processor does that has nothing to do.
func idleness(m record.Machine) string {
	if m.Awake {
		return "stay awake"
	}
	return "sleep"
}

// unlike says what else differs between two runs than chance.
func unlike(a, b record.Run) []string {
	var out []string
	for _, d := range []struct{ what, a, b string }{
		{"machine", fmt.Sprintf("%s, %d cores", a.Machine.CPU, a.Machine.Cores), fmt.Sprintf("%s, %d cores", b.Machine.CPU, b.Machine.Cores)},
		{"what idle processors do", idleness(a.Machine), idleness(b.Machine)},
		{"Go", a.Go, b.Go},
		{"commit", a.Commit, b.Commit},
		{"network", a.Network.Profile, b.Network.Profile},
		{"target", a.Target, b.Target},
	} {
		if d.a != d.b {
			out = append(out, fmt.Sprintf("%s differs: %s and %s", d.what, d.a, d.b))
		}
	}
	return out
}

// changed names the workloads that both files have, but not as the same.
func changed(a, b *record.File) []string {
	var out []string
	for _, x := range a.Workloads {
		y, ok := b.Workload(x.Name)
		if !ok {
			continue
		}
		// How much was measured, and what it is called, may differ.
		for _, w := range []*record.Workload{&x, &y} {
			w.Title, w.About, w.Rounds, w.Load.Requests, w.Load.Warmup = "", "", 0, 0, 0
		}
		if !reflect.DeepEqual(x, y) {
			out = append(out, fmt.Sprintf("workload %s differs: its numbers are of two different things", x.Name))
		}
	}
	return out
}

func (c *Comparison) print(to io.Writer, tolerance float64) error {
	var b strings.Builder // its writes do not fail
	for _, w := range c.Workloads {
		fmt.Fprintf(&b, "\n%s (fastest first; medians with 95 %% intervals by bootstrap over rounds and requests)\n", w.Name)
		tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintf(tw, "  contestant\tA\tB\tB/A\tratio to %s, B/A\t\n", w.Base)
		for _, r := range w.Rows {
			_, _ = fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\t%s\t\n", r.Contestant, span(r.A), span(r.B),
				ratio(r.Ratio, r.Verdict), ratio(r.Share, r.ShareVerdict))
		}
		_ = tw.Flush()
		for _, s := range w.Swapped {
			fmt.Fprintf(&b, "  order: A has %s before %s, B after it\n", s[0], s[1])
		}
		if len(w.Swapped) == 0 {
			b.WriteString("  order: the same, where both files are sure of it\n")
		}
	}
	verdict := "agree"
	if !c.Agrees() {
		verdict = "do not agree"
	}
	fmt.Fprintf(&b, "\nThe runs %s: order of contestants, and ratios to the base within %.0f %%.\n", verdict, 100*tolerance)
	if n := c.shares(Chance); n > 0 {
		fmt.Fprintf(&b, "%d ratios miss that, which may be chance: more rounds would tell.\n", n)
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func ratio(i analysis.Interval, v Verdict) string {
	return fmt.Sprintf("%.3f (%.3f to %.3f) %s", i.Value, i.Low, i.High, v)
}

func span(i analysis.Interval) string {
	return fmt.Sprintf("%s (%s to %s)", chart.Seconds(i.Value), chart.Seconds(i.Low), chart.Seconds(i.High))
}
