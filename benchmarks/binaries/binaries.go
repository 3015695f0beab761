// Package binaries is the subcommand that says what linking a strategy costs: bytes
// of binary, and milliseconds of cold start.
package binaries

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// variant is a program and what is selected in it.
type variant struct {
	program  string // folder in program
	strategy string // OFFLOAD_STRATEGY
}

var variants = []variant{
	{"bare", ""},
	{"stream", "stream"},
	{"extension", "extension"},
	{"invoke", "invoke"},
	{"sqs", "sqs"},
	{"all", "stream"},
	{"all", "extension,sqs"},
}

// result is what was measured of a variant.
type result struct {
	variant
	bytes int64
	init  []time.Duration // sorted
}

// Main builds the programs as for Lambda, starts each of them in turn, and prints a
// table.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("binaries", flag.ContinueOnError)
	f.SetOutput(stderr)
	n := f.Int("n", 40, "cold starts of each program")
	f.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: go run ./benchmarks binaries [flags]\n\nPrints size and cold start of a program for each linked strategy.")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if *n < 1 || *n > 10_000 || f.NArg() > 0 {
		return errors.New("-n is 1 to 10000, and there are no arguments")
	}
	results, err := measure(ctx, variants, *n)
	if err != nil {
		return err
	}
	return table(stdout, results)
}

// measure starts the variants in turn, so that a machine that grows slower favours
// none of them.
func measure(ctx context.Context, variants []variant, n int) (_ []result, err error) {
	s, err := lambdatest.New(nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	results := make([]result, len(variants))
	lambdas := make([]*lambdatest.Lambda, len(variants))
	for i, v := range variants {
		results[i].variant = v
		program, err := lambdatest.Build(ctx, "", "github.com/go-offload/lambda/benchmarks/binaries/program/"+v.program, "-ldflags=-s -w")
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(program)
		if err != nil {
			return nil, err
		}
		results[i].bytes = info.Size()
		lambdas[i], err = s.Deploy(ctx, lambdatest.Function{
			Name: fmt.Sprintf("%s-%d", v.program, i), Command: []string{program},
			Env: map[string]string{
				"OFFLOAD_STRATEGY":      v.strategy,
				"OFFLOAD_SQS_QUEUE_URL": "http://127.0.0.1:1/123456789012/tasks", // nothing is sent
			},
		})
		if err != nil {
			return nil, err
		}
	}
	for range n {
		for i, l := range lambdas {
			took, err := coldStart(ctx, l)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", l.Name(), err)
			}
			results[i].init = append(results[i].init, took)
		}
	}
	for i := range results {
		slices.Sort(results[i].init)
	}
	return results, nil
}

// coldStart invokes a function without environments and returns how long its init
// phase took: from the start of the process until the runtime, and every extension,
// asked for the first event.
func coldStart(ctx context.Context, l *lambdatest.Lambda) (time.Duration, error) {
	res, err := l.Invoke(ctx, []byte(`{}`))
	if err != nil {
		return 0, err
	}
	if res.FunctionError != "" {
		return 0, fmt.Errorf("the function failed: %s", res.Payload)
	}
	report, err := l.WaitReport(ctx, res.RequestID)
	if err != nil {
		return 0, err
	}
	return report.InitDuration, l.Shutdown(ctx)
}

// table writes a table of what each variant adds to the first.
func table(to io.Writer, results []result) error {
	w := tabwriter.NewWriter(to, 0, 0, 1, ' ', tabwriter.Debug|tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "linked\tselected\tMB\tadds kB\tcold start ms (p50)\tadds ms\tp90\t\n")
	median := func(r *result) time.Duration { return r.init[len(r.init)/2] }
	for i := range results {
		r, bare := &results[i], &results[0]
		_, _ = fmt.Fprintf(w, "%s\t%s\t%.2f\t%d\t%.1f\t%.1f\t%.1f\t\n", r.program, r.strategy,
			float64(r.bytes)/1e6, (r.bytes-bare.bytes)/1000,
			millis(median(r)), millis(median(r)-median(bare)), millis(r.init[len(r.init)*9/10]))
	}
	return w.Flush()
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
