package advice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/go-offload/lambda/benchmarks/cost"
)

const aboutCost = `usage: go run ./benchmarks cost [flags] [FILE]
       go run ./benchmarks cost -check FILE

Prints what a workload costs a month with every contestant; with -contestant or
-json every item of the bill. The workload is made of flags, of a workload FILE (.json), or of the durations that
a FILE of run contains; flags given beside a FILE win. Everything is modelled.

With -check, the billed milliseconds and busy environments of the model stand
beside those that FILE measured, for every contestant and workload. The model
gets the durations of the inline contestant only.
`

// CostMain is the subcommand cost.
func CostMain(_ context.Context, args []string, stdout, stderr io.Writer) error {
	in := newInput("cost", aboutCost, stderr)
	asJSON := in.f.Bool("json", false, "print JSON instead of a table")
	only := in.f.String("contestant", "", "one contestant by `name`; default: all")
	check := in.f.String("check", "", "hold the model against the measurements of this `file`")
	w, prices, err := in.read(args)
	if err != nil {
		return err
	}
	if *check != "" {
		return checkFile(*check, *asJSON, stdout)
	}
	contestants := cost.Contestants()
	if *only != "" {
		c, err := cost.ParseContestant(*only)
		if err != nil {
			return err
		}
		contestants = []cost.Contestant{c}
	}
	estimates, err := estimateAll(w, contestants, prices)
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(stdout, estimates)
	}
	return printEstimates(stdout, estimates, prices)
}

// estimate is a bill, or why there is none.
type estimate struct {
	cost.Bill
	Total      cost.USD      `json:"total"`
	Capacity   cost.Capacity `json:"capacity"`
	Impossible string        `json:"impossible,omitempty"`
}

func estimateAll(w cost.Workload, contestants []cost.Contestant, p cost.Prices) ([]estimate, error) {
	out := make([]estimate, len(contestants))
	for i, c := range contestants {
		bill, err := cost.Estimate(w, c, p)
		if errors.Is(err, cost.ErrImpossible) {
			out[i] = estimate{Bill: cost.Bill{Contestant: c, AsOf: p.AsOf, Region: p.Region}, Impossible: err.Error()}
			continue
		}
		if err != nil {
			return nil, err
		}
		capacity, err := cost.Environments(w, c)
		if err != nil {
			return nil, err
		}
		out[i] = estimate{Bill: bill, Total: bill.Total(), Capacity: capacity}
	}
	return out, nil
}

func printJSON(to io.Writer, v any) error {
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// columns are the kinds of a bill that the table shows together.
var columns = []struct {
	name  string
	kinds []cost.Kind
}{
	{"requests", []cost.Kind{cost.KindRequests, cost.KindAsyncChunks}},
	{"response", []cost.Kind{cost.KindResponse}},
	{"tail", []cost.Kind{cost.KindTail, cost.KindRetries}},
	{"worker", []cost.Kind{cost.KindWorker}},
	{"init", []cost.Kind{cost.KindInit, cost.KindProvisioned, cost.KindStorage}},
	{"queue", []cost.Kind{cost.KindSend, cost.KindReceive, cost.KindDelete, cost.KindPoll}},
	{"gateway", []cost.Kind{cost.KindGateway}},
	{"bytes, logs", []cost.Kind{cost.KindStreamed, cost.KindLogs, cost.KindExtra}},
}

func printEstimates(to io.Writer, all []estimate, p cost.Prices) error {
	var b strings.Builder // its writes do not fail
	tier := "without the free tier"
	if p.FreeTier {
		tier = "with the free tier"
	}
	fmt.Fprintf(&b, "Modelled dollars a month, prices of %s in %s, %s:\n\n", p.AsOf, p.Region, tier)
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(tw, "contestant\t")
	for _, c := range columns {
		_, _ = fmt.Fprintf(tw, "%s\t", c.name)
	}
	_, _ = fmt.Fprintln(tw, "total\tenvironments\t")
	for _, e := range all {
		_, _ = fmt.Fprintf(tw, "%s\t", e.Contestant)
		for _, c := range columns {
			_, _ = fmt.Fprintf(tw, "%s\t", amount(e, c.kinds))
		}
		total, busy := "not possible", "-"
		if e.Impossible == "" {
			total, busy = "$"+e.Total.Cents(), fmt.Sprintf("%.2f", e.Capacity.Front.Peak+e.Capacity.Worker.Peak)
		}
		_, _ = fmt.Fprintf(tw, "%s\t%s\t\n", total, busy)
	}
	_ = tw.Flush()
	if len(all) == 1 && all[0].Impossible == "" {
		b.WriteString("\n" + all[0].String())
	}
	printNotes(&b, all)
	_, err := io.WriteString(to, b.String())
	return err
}

func amount(e estimate, kinds []cost.Kind) string {
	if sum := e.Sum(kinds...); sum.Cmp(cost.USD{}) != 0 {
		return sum.Cents()
	}
	return "-"
}

// printNotes lists notes and sources once, not for every line of every bill.
func printNotes(b *strings.Builder, all []estimate) {
	fmt.Fprintln(b)
	var sources []string
	for _, e := range all {
		for _, n := range e.Notes {
			fmt.Fprintf(b, "%s: %s\n", e.Contestant, n)
		}
		if e.Impossible != "" {
			fmt.Fprintln(b, e.Impossible)
		}
		for _, i := range e.Items {
			s := fmt.Sprintf("%s: %s", i.Meter, i.Source)
			if i.Note != "" {
				s += " (" + i.Note + ")"
			}
			if !slices.Contains(sources, s) {
				sources = append(sources, s)
			}
		}
	}
	slices.Sort(sources)
	fmt.Fprintln(b, "\nSources:")
	for _, s := range sources {
		fmt.Fprintln(b, "  "+s)
	}
}
