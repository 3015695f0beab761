package run

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// pass is what one process measures: a round of the contestants of one workload.
// Answers of half a millisecond are a tenth longer in one process than in another, and a run in one
// process would have one draw of that.
type pass struct {
	number   int // from 1
	workload *workload.Workload
	steps    []step
}

// estimate is about how long a pass takes.
func (p *pass) estimate() (d time.Duration) {
	for _, st := range p.steps {
		d += estimate(p.workload, st.Round)
	}
	return d
}

// missing are the steps that are to be run: rounds that are not in the file, with the warm-ups of
// those that take part in them. The others are had.
func (p *pass) missing(o *output) (missing, had []step) {
	open := map[cost.Contestant]bool{}
	for _, st := range p.steps {
		open[st.Contestant] = open[st.Contestant] || !o.has(p.workload.Name, st)
	}
	for _, st := range p.steps {
		if open[st.Contestant] && (st.Round == warmupRound || !o.has(p.workload.Name, st)) {
			missing = append(missing, st)
		} else {
			had = append(had, st)
		}
	}
	return missing, had
}

// assignment is what a pass's process is to measure: the first line of its standard input, which is
// then open for as long as it may work.
type assignment struct {
	Started  time.Time         `json:"started"` // the run
	Target   string            `json:"target"`
	Stack    string            `json:"stack,omitempty"`
	Network  string            `json:"network"`
	Seed     uint64            `json:"seed"` // of modelled delays
	Workload workload.Workload `json:"workload"`
	Steps    []step            `json:"steps"`
}

// told is what such a process tells on its standard output: what it begins with, or the lines of a round for the file.
type told struct {
	Begin string `json:"begin,omitempty"`
	Step  step   `json:"step,omitzero"`
	Lines string `json:"lines,omitempty"`
}

// process measures steps of a pass in a process of its own. If ctx ends, that is told to end.
func (c *campaign) process(ctx context.Context, p *pass, steps []step) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	order, err := json.Marshal(assignment{
		Started: c.out.run.Started, Target: c.target, Stack: c.stack, Network: c.network,
		Seed: c.seed + uint64(p.number), Workload: *p.workload, Steps: steps,
	})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self, PassCommand) // it has environments to end
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, notTaken := in.Write(append(order, '\n'))
	stop := context.AfterFunc(ctx, func() { _ = in.Close() })
	defer stop()
	left, notKept := c.keep(p.workload, steps, json.NewDecoder(out))
	if notKept != nil {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
	}
	ended := cmd.Wait()
	why := strings.TrimPrefix(strings.TrimSpace(said.String()), "benchmarks "+PassCommand+": ")
	switch {
	case errors.Is(notKept, errNonsense):
		return fmt.Errorf("pass %d: %w; it said %q", p.number, notKept, why)
	case notKept != nil:
		return notKept
	case ended != nil:
		return fmt.Errorf("pass %d: %s (%w)", p.number, cmp.Or(why, "its process said nothing"), ended)
	case len(left) > 0:
		return fmt.Errorf("pass %d: its process ended without %v", p.number, left)
	}
	return notTaken
}

// errNonsense is of a process that is no measurement: another build of this program, or a test without its TestMain.
var errNonsense = errors.New("its process tells what it was not asked for")

// keep writes what a process tells, until it says no more, and returns the steps that it said nothing of.
func (c *campaign) keep(w *workload.Workload, steps []step, from *json.Decoder) (left []step, err error) {
	left = slices.Clone(steps)
	for {
		var t told
		switch err := from.Decode(&t); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // it is over, or was ended
			return left, nil
		case err != nil:
			return left, fmt.Errorf("%w: %w", errNonsense, err)
		case t.Begin != "":
			c.progress.begin(t.Begin)
			continue
		}
		i := slices.Index(left, t.Step)
		if i < 0 {
			return left, fmt.Errorf("%w: %v", errNonsense, t.Step)
		}
		left = slices.Delete(left, i, i+1)
		// Every pass has warm-ups; the first of each contestant is kept.
		if !c.out.has(w.Name, t.Step) {
			if err := c.out.write(w.Name, t.Step, []byte(t.Lines)); err != nil {
				return left, err
			}
		}
		c.over(w, t.Step, "")
	}
}

// over counts a round that is in the file.
func (c *campaign) over(w *workload.Workload, st step, how string) {
	c.done++
	c.progress.end(w.Name+": "+st.String()+how, estimate(w, st.Round))
}
