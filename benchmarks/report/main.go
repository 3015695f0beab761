package report

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/record"
)

// Main is the subcommand report.
func Main(_ context.Context, args []string, stdout, stderr io.Writer) error {
	var o Options
	f := flag.NewFlagSet("report", flag.ContinueOnError)
	f.SetOutput(stderr)
	dir := f.String("o", filepath.Join(filepath.Dir(record.DefaultPath()), "report"), "the `directory` to write; files of an earlier report are replaced")
	f.IntVar(&o.MemoryMB, "memory", defaultMemoryMB, "memory of the function in the modelled costs, in `MB`")
	f.IntVar(&o.WorkerMemoryMB, "worker-memory", defaultWorkerMemoryMB, "memory of a worker that is a function of its own, in `MB`")
	f.Float64Var(&o.Rate, "rate", defaultRate, "requests a second in the modelled costs")
	f.Usage = func() {
		_, _ = fmt.Fprintf(stderr, "usage: go run ./benchmarks report [flags] [FILE]\n\n"+
			"Makes a page and its figures from a file of run (default %s).\n", record.DefaultPath())
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 1 {
		return fmt.Errorf("unexpected argument %q: one file makes a report", f.Arg(1))
	}
	path := record.DefaultPath()
	if f.NArg() == 1 {
		path = f.Arg(0)
	}
	file, err := record.Open(path)
	if err != nil {
		return fmt.Errorf("%w: `go run ./benchmarks run -quick` makes a file", err)
	}
	o.Command = strings.Join(append([]string{"go run ./benchmarks report"}, args...), " ")
	page, err := Build(analysis.Of(file), o)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := page.Write(*dir); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: open it in a browser\n%s: %d figures as SVG and PNG, and headline.md for a README\n",
		filepath.Join(*dir, "index.html"), *dir, len(page.Figures()))
	return err
}
