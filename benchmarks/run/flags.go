package run

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// Targets of a run.
const (
	targetLocal = "local"
	targetAWS   = "aws"
)

// settings are the flags.
type settings struct {
	out     string
	resume  string
	network string
	target  string
	stack   string
	rounds  int
	seed    uint64
	quick   bool
	plain   bool
	awake   bool // no flag: idle processors do not sleep

	workloads   []workload.Workload
	contestants []cost.Contestant
}

// list is a flag that may be given several times, or hold several names.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// defaultRounds is how many measured rounds a workload has that does not say.
const defaultRounds = 3

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	f.SetOutput(stderr)
	var workloads, contestants list
	f.StringVar(&s.out, "o", record.DefaultPath(), "the `file` to write; one that is there already is kept under another name")
	f.StringVar(&s.resume, "resume", "", "go on with the run that left this `file`; its flags are kept")
	f.Var(&workloads, "workload", "a workload of the suite by `name`, or a .json file; may be repeated (default all of the suite)")
	f.Var(&contestants, "contestant", "a contestant by `name`; may be repeated (default all)")
	f.StringVar(&s.network, "network", network.Loopback, "loopback measures what the code costs; aws adds modelled delays to calls of services")
	f.StringVar(&s.target, "target", targetLocal, "local, or aws: a deployed stack, see -stack")
	f.StringVar(&s.stack, "stack", "", "for -target aws: the `file` that says where the contestants are; benchmarks/README.md shows one")
	f.IntVar(&s.rounds, "rounds", 0, "measured rounds of each workload (default: what the workload says, or 3)")
	f.Uint64Var(&s.seed, "seed", 1, "of the order of the contestants and of modelled delays")
	f.BoolVar(&s.quick, "quick", false, "two workloads, made shorter: under a minute")
	f.BoolVar(&s.plain, "plain", false, "a line for each round instead of a progress bar")
	f.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: go run ./benchmarks run [flags]\n\nMeasures the contestants and writes one line of JSON for each request.")
		f.PrintDefaults()
		_, _ = fmt.Fprintf(stderr, "\ncontestants: %s\n", names(cost.Contestants()))
	}
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q; -h lists the flags", f.Arg(0))
	}
	if (s.target == targetAWS) != (s.stack != "") && s.resume == "" {
		return nil, errors.New("-target aws and -stack need each other")
	}
	if s.rounds < 0 || s.rounds > 1000 {
		return nil, fmt.Errorf("-rounds is %d, want 1 to 1000", s.rounds)
	}
	return s, s.choose(workloads, contestants)
}

// choose reads the workloads and contestants that were named.
func (s *settings) choose(workloads, contestants list) error {
	s.contestants = cost.Contestants()
	if len(contestants) > 0 {
		s.contestants = nil
		for _, name := range contestants {
			c, err := cost.ParseContestant(name)
			if err != nil {
				return err
			}
			if slices.Contains(s.contestants, c) {
				return fmt.Errorf("-contestant %s is given twice", c)
			}
			s.contestants = append(s.contestants, c)
		}
	}
	if len(workloads) == 0 {
		if s.quick {
			workloads = quickWorkloads
		} else {
			var err error
			s.workloads, err = workload.Standard()
			return err
		}
	}
	for _, name := range workloads {
		w, err := workload.Named(name)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(s.workloads, func(other workload.Workload) bool { return other.Name == w.Name }) {
			return fmt.Errorf("two workloads are named %q: the file tells them apart by name, so give -workload %s another", w.Name, name)
		}
		s.workloads = append(s.workloads, w)
	}
	if s.quick {
		for i := range s.workloads {
			shorten(&s.workloads[i])
		}
	}
	return nil
}

// quickWorkloads are those of -quick.
var quickWorkloads = list{"order", "burst"}

// shorten makes a workload's rounds last about a second, and one.
func shorten(w *workload.Workload) {
	w.Rounds, w.RoundsOf = 1, nil
	most := max(1, int(w.Load.Rate*quickLoad.Seconds()))
	w.Load.Requests = min(w.Load.Requests, most)
	w.Load.Warmup = min(w.Load.Warmup, most/3)
}

// quickLoad is how long requests are sent in a round of -quick.
const quickLoad = 1500 * time.Millisecond

func names(all []cost.Contestant) string {
	quoted := make([]string, len(all))
	for i, c := range all {
		quoted[i] = fmt.Sprintf("%q", string(c))
	}
	return strings.Join(quoted, " ")
}
