// Command benchmarks measures what each way to work after a Lambda response
// costs, in latency, environments and dollars, side by side:
//
//	go run ./benchmarks run -quick && go run ./benchmarks report
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-offload/lambda/benchmarks/advice"
	"github.com/go-offload/lambda/benchmarks/binaries"
	"github.com/go-offload/lambda/benchmarks/compare"
	"github.com/go-offload/lambda/benchmarks/report"
	"github.com/go-offload/lambda/benchmarks/run"
)

// command is one subcommand. Its main returns flag.ErrHelp after help was asked
// for, and prints nothing about the error it returns.
type command struct {
	name, about string
	main        func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

// commands lists the subcommands in the order of the help text.
func commands() []command {
	return []command{
		{"run", "measure, and write one line for each request", run.Main},
		{"report", "make a page and figures from what was measured", report.Main},
		{"compare", "hold two files against each other", compare.Main},
		{"cost", "what a workload costs a month, item by item", advice.CostMain},
		{"recommend", "the cheapest way that meets stated needs", advice.RecommendMain},
		{"binaries", "print what linking a strategy costs: size and cold start", binaries.Main},
		{run.PassCommand, "measure one pass; for run, which starts it", run.PassMain},
	}
}

func main() {
	// The second Ctrl-C ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// dispatch runs a subcommand and returns the exit status.
func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "-h", "-help", "--help", "help":
			usage(stdout)
			return 0
		}
		for _, c := range commands() {
			if c.name != args[0] {
				continue
			}
			switch err := c.main(ctx, args[1:], stdout, stderr); {
			case err == nil, errors.Is(err, flag.ErrHelp):
				return 0
			case errors.Is(err, compare.ErrDiffer), errors.Is(err, advice.ErrOff):
				// The command did its work, and the answer is no.
				_, _ = fmt.Fprintf(stderr, "benchmarks %s: %v\n", c.name, err)
				return 3
			default:
				_, _ = fmt.Fprintf(stderr, "benchmarks %s: %v\n", c.name, err)
				return 1
			}
		}
		_, _ = fmt.Fprintf(stderr, "benchmarks: there is no command %q\n", args[0])
	}
	usage(stderr)
	return 2
}

func usage(w io.Writer) {
	_, _ = fmt.Fprintln(w, "usage: go run ./benchmarks COMMAND [flags]")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(w, "  %-10s %s\n", c.name, c.about)
	}
	_, _ = fmt.Fprintln(w, "COMMAND -h lists its flags.")
}
