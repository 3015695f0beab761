package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/load"
	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/record"
)

// PassCommand is the subcommand that Main starts this program with, once for each pass.
const PassCommand = "pass"

// PassMain measures one pass: Main gives it on standard input, and is told of each round on standard output. It
// ends early if its standard input does, as when Main is gone.
func PassMain(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet(PassCommand, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "usage: run starts this, once for each pass, and says on its standard input what to measure.")
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; this is for run to start", f.Arg(0))
	}
	// If run is gone, environments are still to be ended: writing to nobody is an error then, and not the end of the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return measurePass(ctx, os.Stdin, stdout)
}

func measurePass(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	m := &measurement{to: json.NewEncoder(stdout)}
	from := json.NewDecoder(stdin)
	if err := from.Decode(&m.assignment); err != nil {
		return fmt.Errorf("read what to measure: %w; this is for run to start", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	profile, err := network.New(m.Network, m.Seed)
	if err != nil {
		return err
	}
	m.modelled = profile.Modelled()
	m.clock = newClock(m.Started)
	if m.Target == targetAWS {
		m.deploy, err = deployed(ctx, m.Stack)
	} else {
		m.deploy = local(profile)
	}
	if err != nil {
		return err
	}
	return m.all(ctx)
}

// measurement is a pass at work.
type measurement struct {
	assignment
	deploy   deployer
	modelled bool
	clock    clock
	to       *json.Encoder // of told
}

// all measures the pass. Its contestants are deployed together and keep
// their environments from the warm-up on.
func (m *measurement) all(ctx context.Context) (err error) {
	benches := map[cost.Contestant]*bench{}
	defer func() {
		for _, b := range benches {
			b.client.Close()
			err = errors.Join(err, b.stack.Close())
		}
	}()
	for _, st := range m.Steps {
		if benches[st.Contestant] != nil {
			continue
		}
		m.begin("deploying")
		b, err := m.bench(ctx, st.Contestant)
		if err != nil {
			return err
		}
		benches[st.Contestant] = b
	}
	warm, err := m.warmUp(ctx, benches)
	if err != nil {
		return err
	}
	for _, st := range m.Steps {
		m.begin(st.String())
		lines := warm[st]
		if st.Round != warmupRound {
			lines, err = benches[st.Contestant].round(ctx, st.Round)
		}
		if err == nil {
			err = m.tell(st, lines)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", st, err)
		}
	}
	return nil
}

// begin tells what is measured now. If nobody reads it, tell finds out.
func (m *measurement) begin(what string) { _ = m.to.Encode(told{Begin: m.Workload.Name + ": " + what}) }

// tell hands on the lines of a round.
func (m *measurement) tell(st step, lines []record.Line) error {
	var b bytes.Buffer
	if err := record.NewWriter(&b).Write(lines...); err != nil {
		return err
	}
	return m.to.Encode(told{Step: st, Lines: b.String()})
}

// bench deploys a contestant.
func (m *measurement) bench(ctx context.Context, c cost.Contestant) (*bench, error) {
	w := &m.Workload
	deployed, err := m.deploy(ctx, c, w)
	if err != nil {
		return nil, err
	}
	return &bench{
		workload: w, contestant: c, stack: deployed, clock: m.clock, modelled: m.modelled,
		client: load.NewClient(deployed.URL(), time.Duration(w.DeadlineMS)*time.Millisecond),
	}, nil
}

// warmUp runs the warm-up rounds, all at the same time: nobody looks at how long
// they take, and one after the other they would take as long as a measured round.
func (m *measurement) warmUp(ctx context.Context, benches map[cost.Contestant]*bench) (map[step][]record.Line, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu     sync.Mutex
		lines  = map[step][]record.Line{}
		failed error
		open   sync.WaitGroup
	)
	m.begin("warm-up")
	for _, st := range m.Steps {
		if st.Round != warmupRound {
			continue
		}
		open.Go(func() {
			got, err := benches[st.Contestant].round(ctx, st.Round)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = fmt.Errorf("%v: %w", st, err)
				cancel()
			}
			lines[st] = got
		})
	}
	open.Wait()
	return lines, failed
}
