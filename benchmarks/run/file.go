package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/record"
)

// output is the file that a run writes.
type output struct {
	path string
	file *os.File
	run  record.Run
	had  map[roundID]bool // what is in it
}

// roundID names one round of the run.
type roundID struct {
	workload string
	step
}

// create begins a new file with the run and its workloads. A file of that name is
// kept under one that says when it was begun.
func create(ctx context.Context, s *settings, conditions record.Network, command []string) (*output, error) {
	o := &output{path: s.out, had: map[roundID]bool{}, run: record.Run{
		Format: record.Format, Started: time.Now().UTC(), Machine: machine(s.awake), LoadAverage: loadAverage(), Go: runtime.Version(), Commit: commit(ctx),
		Command: command, Network: conditions, Target: s.target, Seed: s.seed, Rounds: s.rounds, Quick: s.quick,
	}}
	if o.run.Rounds == 0 {
		o.run.Rounds = defaultRounds
	}
	lines := []record.Line{&o.run}
	for _, c := range s.contestants {
		o.run.Contestants = append(o.run.Contestants, string(c))
	}
	for i := range s.workloads {
		if s.rounds > 0 {
			s.workloads[i].Rounds, s.workloads[i].RoundsOf = s.rounds, nil
		}
		lines = append(lines, &record.Workload{Workload: s.workloads[i]})
	}
	if err := os.MkdirAll(filepath.Dir(s.out), 0o755); err != nil {
		return nil, err
	}
	if info, err := os.Stat(s.out); err == nil && info.Mode().IsRegular() {
		aside := fmt.Sprintf("%s.%s", s.out, info.ModTime().UTC().Format("20060102T150405"))
		if err := os.Rename(s.out, aside); err != nil {
			return nil, err
		}
	}
	var err error
	if o.file, err = os.Create(s.out); err != nil {
		return nil, err
	}
	if err := record.NewWriter(o.file).Write(lines...); err != nil {
		return nil, errors.Join(err, o.file.Close())
	}
	return o, nil
}

// reopen goes on with a file. What the earlier run left of a round is cut off.
func reopen(ctx context.Context, s *settings) (*output, error) {
	had, err := record.Open(s.resume)
	if err != nil {
		return nil, err
	}
	now := machine(s.awake && had.Run.Target == targetLocal)
	now.Kernel = had.Run.Machine.Kernel // an update is no reason to begin again
	switch {
	case had.Run.Machine != now:
		return nil, fmt.Errorf("%s was begun on another machine, or with other rights: %+v, this is %+v", s.resume, had.Run.Machine, now)
	case had.Run.Go != runtime.Version():
		return nil, fmt.Errorf("%s was begun with %s, this is %s", s.resume, had.Run.Go, runtime.Version())
	}
	if err := sameCommit(ctx, s.resume, had.Run.Commit); err != nil {
		return nil, err
	}
	o := &output{path: s.resume, run: had.Run, had: map[roundID]bool{}}
	for _, r := range had.Rounds {
		o.had[roundID{r.Workload, step{cost.Contestant(r.Contestant), r.Round}}] = true
	}
	s.network, s.target, s.seed, s.quick = had.Run.Network.Profile, had.Run.Target, had.Run.Seed, had.Run.Quick
	if s.network == network.Real {
		s.network = network.Loopback
	}
	s.contestants, s.workloads = nil, nil
	for _, name := range had.Run.Contestants {
		c, err := cost.ParseContestant(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.resume, err)
		}
		s.contestants = append(s.contestants, c)
	}
	for _, w := range had.Workloads {
		if err := w.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.resume, err)
		}
		s.workloads = append(s.workloads, w.Workload)
	}
	if o.file, err = os.OpenFile(s.resume, os.O_WRONLY, 0); err != nil {
		return nil, err
	}
	if err = o.file.Truncate(had.Size); err == nil {
		_, err = o.file.Seek(0, 2)
	}
	if err != nil {
		return nil, errors.Join(err, o.file.Close())
	}
	return o, nil
}

// write adds the lines of one round, with a single Write.
func (o *output) write(workload string, s step, lines []byte) error {
	if _, err := o.file.Write(lines); err != nil {
		return err
	}
	o.had[roundID{workload, s}] = true
	return nil
}

// has reports whether a round is in the file already.
func (o *output) has(workload string, s step) bool { return o.had[roundID{workload, s}] }
