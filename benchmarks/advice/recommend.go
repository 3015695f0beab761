package advice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
)

const aboutRecommend = `usage: go run ./benchmarks recommend [flags] [FILE]

Prints the cheapest contestant that meets the stated needs, why, what speaks
against the others, and the points at which another one becomes the cheapest.
The workload is made of flags, of a workload FILE (.json), or of the durations
that a FILE of run contains; flags given beside a FILE win.

A payload or a task that a contestant cannot carry rules it out: see
-request-bytes, -response-bytes, -task-bytes, -task and -timeout.
`

// durabilities are the values of -durable.
var durabilities = map[string]cost.Durability{
	"no":       cost.AtMostOnce,
	"failures": cost.KeepsFailures,
	"yes":      cost.SurvivesCrash,
}

// RecommendMain is the subcommand recommend.
func RecommendMain(_ context.Context, args []string, stdout, stderr io.Writer) error {
	in := newInput("recommend", aboutRecommend, stderr)
	var needs cost.Needs
	durable := in.f.String("durable", "no", "no: a task may be lost; failures: one that fails for good is kept in a queue; yes: an accepted task survives a crash")
	in.f.DurationVar(&needs.P99, "p99", 0, "`limit` for 99 % of responses, inside Lambda; 0 = none")
	in.f.BoolVar(&needs.Ordered, "ordered", false, "tasks run in the order of the requests")
	in.f.BoolVar(&needs.AnyResponse, "any-response", false, "a fixed 202 will do instead of the handler's answer")
	in.f.IntVar(&needs.Concurrency, "concurrency", 0, "environments that may be reserved; 0 = 1,000, the default quota")
	asJSON := in.f.Bool("json", false, "print JSON instead of sentences")
	w, prices, err := in.read(args)
	if err != nil {
		return err
	}
	var known bool
	if needs.Durability, known = durabilities[*durable]; !known {
		return fmt.Errorf("-durable is %q, want no, failures or yes; %w", *durable, errUsage)
	}
	advice, err := cost.Recommend(w, needs, prices)
	if err != nil && !errors.Is(err, cost.ErrNoneMeets) {
		return err
	}
	if *asJSON {
		return errors.Join(err, printJSON(stdout, advice))
	}
	if err != nil {
		return err
	}
	for _, reason := range advice.Reasons {
		if _, err := fmt.Fprintln(stdout, reason); err != nil {
			return err
		}
	}
	if err := in.printMeasured(stdout, advice.Best, needs.P99); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "Modelled with the prices of %s in %s.\n", prices.AsOf, prices.Region)
	return err
}

// printMeasured sets what was measured beside the advice, if the file has it.
func (in *input) printMeasured(to io.Writer, best cost.Option, limit time.Duration) error {
	if in.measured == nil {
		return nil
	}
	cell := in.measured.Cell(in.load, best.Contestant)
	if cell == nil || cell.Answered == 0 {
		return nil
	}
	h := cell.Histogram()
	p99 := h.At(99)
	_, err := fmt.Fprintf(to, "Measured with %s on %s: half of the responses within %s, 99 %% within %s, from the client's side; %d of %d tasks lost.\n",
		best.Contestant, in.load, chart.Seconds(h.At(50).Seconds()), chart.Seconds(p99.Seconds()), cell.TasksLost, cell.TasksDue)
	if err == nil && limit > 0 && p99 > limit {
		_, err = fmt.Fprintf(to, "That is above the limit of %v, which the model meets: the rest is the client's way and waiting for an environment.\n", limit)
	}
	return err
}
