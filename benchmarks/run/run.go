// Package run is the subcommand that measures: it writes the file that all others
// read.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/record"
)

// Main measures and writes the file. If ctx ends, the rounds that are complete are
// in it, and the error says how to go on.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
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
	defer func() {
		if out != nil {
			err = errors.Join(err, out.file.Close())
		}
	}()
	if s.resume != "" {
		if out, err = reopen(ctx, s); err != nil {
			return err
		}
	}
	conditions, err := s.check(ctx) // before there is a file
	if err != nil {
		return err
	}
	if out == nil {
		command := append([]string{"go", "run", "./benchmarks", "run"}, args...)
		if out, err = create(ctx, s, conditions, command); err != nil {
			return err
		}
	}
	if s.target == targetLocal {
		warnIfBusy(stderr, loadAverage())
	}
	c := &campaign{settings: s, out: out}
	err = c.all(ctx, stderr)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted after %d of %d rounds; what is complete is in %s, and -resume %[3]s goes on", c.done, c.total, out.path)
	case err != nil:
		return fmt.Errorf("%w (what is complete is in %s)", err, out.path)
	}
	_, err = fmt.Fprintf(stdout, "%d rounds in %s; see them with: go run ./benchmarks report %[2]s\n", c.done, out.path)
	return err
}

// check looks at network and target before anything is measured, leaves out what the target does not have, and
// returns the conditions of the network for the file.
func (s *settings) check(ctx context.Context) (record.Network, error) {
	profile, err := network.New(s.network, s.seed)
	if err != nil {
		return record.Network{}, err
	}
	switch s.target {
	case targetLocal:
		return profile.Record(), nil
	case targetAWS:
		return record.Network{Profile: network.Real}, s.leaveOutUndeployed(ctx, profile)
	default:
		return record.Network{}, fmt.Errorf("-target is %q, want %s or %s", s.target, targetLocal, targetAWS)
	}
}

// campaign is a run at work: it has processes measure, and writes what they tell.
type campaign struct {
	*settings
	out         *output
	progress    progress
	done, total int // rounds
}

// passes are all of the run, those of a workload spread evenly over it.
func (c *campaign) passes() []*pass {
	rng := rand.New(rand.NewPCG(c.seed, 0))
	plans := make([][][]step, len(c.workloads))
	most := 0
	for i := range c.workloads {
		plans[i] = plan(&c.workloads[i], c.contestants, c.out.run.Rounds, rng)
		most = max(most, len(plans[i]))
	}
	var passes []*pass
	for turn := range most {
		for i := range c.workloads {
			if n, ok := spread(len(plans[i]), turn, most); ok {
				passes = append(passes, &pass{len(passes) + 1, &c.workloads[i], plans[i][n-1]})
			}
		}
	}
	return passes
}

// all measures every round that is not in the file.
func (c *campaign) all(ctx context.Context, stderr io.Writer) error {
	passes, total := c.passes(), time.Duration(0)
	for _, p := range passes {
		c.total += len(p.steps)
		total += p.estimate()
	}
	c.progress = newProgress(stderr, total, c.plain)
	defer c.progress.close()
	for _, p := range passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		missing, had := p.missing(c.out)
		for _, st := range had {
			c.over(p.workload, st, ", had")
		}
		if len(missing) == 0 {
			continue
		}
		// The process of every pass builds the functions anew.
		if err := sameCommit(ctx, c.out.path, c.out.run.Commit); err != nil {
			return err
		}
		if err := c.process(ctx, p, missing); err != nil {
			return fmt.Errorf("workload %s: %w", p.workload.Name, err)
		}
	}
	return nil
}
