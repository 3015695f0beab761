package advice

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/record"
)

// ErrOff is returned by CostMain when the model misses a measurement by more than
// it may. The table has been printed.
var ErrOff = errors.New("the model misses measurements by more than it may")

// By which shares the model may miss, and by how many environments it may always in a
// burst, where there are no half ones.
const (
	billedTolerance = 0.02
	busyTolerance   = 0.10
	busyStep        = 1.0
)

func billedPasses(c analysis.Check) bool { return math.Abs(c.BilledOff()) <= billedTolerance }

func busyPasses(c analysis.Check) bool {
	return math.Abs(c.BusyOff()) <= busyTolerance || c.Burst && math.Abs(c.BusyModel-c.BusyMeasured) <= busyStep
}

// row is a check with its verdicts, for JSON.
type row struct {
	analysis.Check
	BilledPasses, BusyPasses bool
}

func checkFile(path string, asJSON bool, stdout io.Writer) error {
	file, err := record.Open(path)
	if err != nil {
		return err
	}
	checks := analysis.Of(file).Check()
	if len(checks) == 0 {
		return fmt.Errorf("%s: no round was completed", path)
	}
	rows := make([]row, len(checks))
	failed := 0
	for i, c := range checks {
		rows[i] = row{c, billedPasses(c), busyPasses(c)}
		if c.Skipped == "" && (!rows[i].BilledPasses || !rows[i].BusyPasses) {
			failed++
		}
	}
	if asJSON {
		err = printJSON(stdout, rows)
	} else {
		err = printChecks(stdout, rows, failed)
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%w: %d of %d rows", ErrOff, failed, len(rows))
	}
	return err
}

func printChecks(to io.Writer, rows []row, failed int) error {
	var b strings.Builder // its writes do not fail
	fmt.Fprintf(&b, `Billed: milliseconds for each request of the client, without init. The model has the durations of the contestant's own handler,
sends and tasks: it shows whether they add up to what is billed; within %.0f %% passes. "From inline" is how far it is off with
the durations of inline alone, which holds as far as the machine was as fast for both.
Busy: environments of both functions on average, or those that a burst from cold makes; within %.0f %% passes, in a burst also one more or less.

`, 100*billedTolerance, 100*busyTolerance)
	var skipped []string
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tw, "workload\tcontestant\tbilled: model\tmeasured\toff\t\tfrom inline\tbusy: model\tmeasured\toff\t\t")
	for _, r := range rows {
		if r.Skipped != "" {
			skipped = append(skipped, fmt.Sprintf("%s %s is skipped: %s\n", r.Workload, r.Contestant, r.Skipped))
			continue
		}
		_, _ = fmt.Fprintf(tw, "%s\t%s\t%.1f\t%.1f\t%+.1f %%\t%s\t%+.1f %%\t%.2f\t%.2f\t%+.1f %%\t%s\t\n", r.Workload, r.Contestant,
			r.BilledModel, r.BilledMeasured, 100*r.BilledOff(), verdict(r.BilledPasses), 100*r.InlineOff(),
			r.BusyModel, r.BusyMeasured, 100*r.BusyOff(), verdict(r.BusyPasses))
	}
	_ = tw.Flush()
	fmt.Fprintf(&b, "\n%s%d of %d rows fail.\n", strings.Join(skipped, ""), failed, len(rows)-len(skipped))
	_, err := io.WriteString(to, b.String())
	return err
}

func verdict(pass bool) string {
	if pass {
		return "pass"
	}
	return "FAIL"
}
