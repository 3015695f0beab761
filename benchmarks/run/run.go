// Package run is the subcommand that measures: it writes the file that all others
// read.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/load"
	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/stack"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// deployer makes a contestant's stack for a workload.
type deployer func(ctx context.Context, c cost.Contestant, w *workload.Workload) (stack.Stack, error)

// Main measures and writes the file. If ctx ends, the rounds that are complete are
// in it, and the error says how to go on.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if s.target == targetLocal {
		var release func()
		s.awake, release = keepAwake()
		defer release()
	}
	var out *output
	if s.resume != "" {
		if out, err = reopen(ctx, s); err != nil {
			return err
		}
	}
	if s.pass > 0 {
		return s.child(ctx, out, os.Stdin, stdout)
	}
	profile, err := network.New(s.network, s.seed)
	if err != nil {
		return err
	}
	if _, err := s.deployer(ctx, profile); err != nil { // before there is a file
		return err
	}
	if out == nil {
		command := append([]string{"go", "run", "./benchmarks", "run"}, args...)
		if out, err = create(ctx, s, s.conditions(profile), command); err != nil {
			return err
		}
	}
	if err := out.file.Close(); err != nil { // those that measure write it
		return err
	}
	if s.target == targetLocal {
		warnIfBusy(stderr, loadAverage())
	}
	m := &measurement{settings: s, out: out}
	err = m.all(ctx, stderr)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted after %d of %d rounds; what is complete is in %s, and -resume %[3]s goes on", m.done, m.total, out.path)
	case err != nil:
		return fmt.Errorf("%w (what is complete is in %s)", err, out.path)
	}
	_, err = fmt.Fprintf(stdout, "%d rounds in %s; see them with: go run ./benchmarks report %[2]s\n", m.done, out.path)
	return err
}

// conditions are the network's, for the file.
func (s *settings) conditions(profile *network.Profile) record.Network {
	if s.target == targetAWS {
		return record.Network{Profile: network.Real}
	}
	return profile.Record()
}

// deployer returns the one of the target.
func (s *settings) deployer(ctx context.Context, profile *network.Profile) (deployer, error) {
	switch s.target {
	case targetLocal:
		return func(ctx context.Context, c cost.Contestant, w *workload.Workload) (stack.Stack, error) {
			return stack.NewLocal(ctx, c, w, profile)
		}, nil
	case targetAWS:
		return s.deployed(ctx, profile)
	default:
		return nil, fmt.Errorf("-target is %q, want %s or %s", s.target, targetLocal, targetAWS)
	}
}

// deployed leaves out what is not deployed, and what cannot be measured there.
func (s *settings) deployed(ctx context.Context, profile *network.Profile) (deployer, error) {
	if profile.Modelled() {
		return nil, errors.New("-network aws models what -target aws measures: use one of them")
	}
	if s.stack == "" {
		return nil, errors.New("-target aws needs -stack, also to go on with a run")
	}
	deployment, err := stack.ReadDeployment(s.stack)
	if err != nil {
		return nil, err
	}
	s.contestants = slices.DeleteFunc(s.contestants, func(c cost.Contestant) bool {
		_, there := deployment.Contestants[c]
		return !there
	})
	s.workloads = slices.DeleteFunc(s.workloads, func(w workload.Workload) bool { return w.Load.Shape == workload.Burst })
	if len(s.contestants) == 0 || len(s.workloads) == 0 {
		return nil, fmt.Errorf("nothing is left to measure: the deployment has %v, and a burst from cold cannot be had on AWS", deployment.Names())
	}
	logs, err := stack.NewLogs(ctx)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, c cost.Contestant, _ *workload.Workload) (stack.Stack, error) {
		return stack.NewAWS(deployment.Contestants[c], logs, stack.DefaultPatience), nil
	}, nil
}

// measurement is a run at work.
type measurement struct {
	*settings
	out      *output
	deploy   deployer
	modelled bool
	clock    clock
	progress progress

	done, total int // rounds
}

// passes are all of the run, those of a workload spread evenly over it.
func (m *measurement) passes() []*pass {
	rng := rand.New(rand.NewPCG(m.seed, 0))
	plans := make([][][]step, len(m.workloads))
	most := 0
	for i := range m.workloads {
		plans[i] = plan(&m.workloads[i], m.contestants, m.out.run.Rounds, rng)
		most = max(most, len(plans[i]))
	}
	var passes []*pass
	for turn := range most {
		for i := range m.workloads {
			if n, ok := spread(len(plans[i]), turn, most); ok {
				passes = append(passes, &pass{len(passes) + 1, &m.workloads[i], plans[i][n-1]})
			}
		}
	}
	return passes
}

// all measures every pass that is not in the file.
func (m *measurement) all(ctx context.Context, stderr io.Writer) error {
	passes, total := m.passes(), time.Duration(0)
	for _, p := range passes {
		m.total += len(p.steps)
		total += p.estimate()
	}
	m.progress = newProgress(stderr, total, m.plain)
	defer m.progress.close()
	for _, p := range passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.complete(m.out) {
			m.done += len(p.steps)
			m.progress.end(p.workload.Name+": had", p.estimate())
			continue
		}
		if err := m.process(ctx, p); err != nil {
			return fmt.Errorf("workload %s: %w", p.workload.Name, err)
		}
	}
	return nil
}

// one measures one pass. Its contestants are deployed together and keep
// their environments from the warm-up on.
func (m *measurement) one(ctx context.Context, p *pass) (err error) {
	w, steps := p.workload, p.steps
	benches := map[cost.Contestant]*bench{}
	defer func() {
		for _, b := range benches {
			b.client.Close()
			err = errors.Join(err, b.stack.Close())
		}
	}()
	for _, st := range steps {
		if benches[st.contestant] == nil && !m.out.has(w.Name, st) {
			m.progress.begin(w.Name + ": deploying")
			if benches[st.contestant], err = m.bench(ctx, w, st.contestant); err != nil {
				delete(benches, st.contestant)
				return err
			}
		}
	}
	warm, err := m.warmUp(ctx, w, steps, benches)
	if err != nil {
		return err
	}
	for _, st := range steps {
		what := w.Name + ": " + st.String()
		m.progress.begin(what)
		if lines := warm[st]; lines != nil {
			err = m.out.write(lines)
		} else if !m.out.has(w.Name, st) {
			err = m.round(ctx, st, benches[st.contestant])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		m.progress.end(what, estimate(w, st.round))
	}
	return nil
}

// bench deploys a contestant.
func (m *measurement) bench(ctx context.Context, w *workload.Workload, c cost.Contestant) (*bench, error) {
	deployed, err := m.deploy(ctx, c, w)
	if err != nil {
		return nil, err
	}
	return &bench{
		workload: w, contestant: c, stack: deployed, clock: m.clock, modelled: m.modelled,
		client: load.NewClient(deployed.URL(), time.Duration(w.DeadlineMS)*time.Millisecond),
	}, nil
}

// round measures and writes one round.
func (m *measurement) round(ctx context.Context, st step, b *bench) error {
	lines, err := b.round(ctx, st.round)
	if err != nil {
		return err
	}
	return m.out.write(lines)
}

// warmUp runs the warm-up rounds, all at the same time: nobody looks at how long
// they take, and one after the other they would take as long as a measured round.
// Every pass needs one, to have warm environments; it is written once.
func (m *measurement) warmUp(ctx context.Context, w *workload.Workload, steps []step, benches map[cost.Contestant]*bench) (map[step][]record.Line, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu     sync.Mutex
		lines  = map[step][]record.Line{}
		failed error
		open   sync.WaitGroup
	)
	m.progress.begin(w.Name + ": warm-up")
	for _, st := range steps {
		b := benches[st.contestant]
		if st.round != warmupRound || b == nil {
			continue
		}
		open.Go(func() {
			got, err := b.round(ctx, st.round)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && failed == nil:
				failed = fmt.Errorf("%v: %w", st, err)
				cancel()
			case err == nil && !m.out.has(w.Name, st):
				lines[st] = got
			}
		})
	}
	open.Wait()
	return lines, failed
}
