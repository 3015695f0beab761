package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/network"
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

// complete reports whether all rounds of a pass are in the file.
func (p *pass) complete(o *output) bool {
	for _, st := range p.steps {
		if !o.has(p.workload.Name, st) {
			return false
		}
	}
	return true
}

// estimate is about how long a pass takes.
func (p *pass) estimate() (d time.Duration) {
	for _, st := range p.steps {
		d += estimate(p.workload, st.round)
	}
	return d
}

// process measures a pass in a process of its own. If ctx ends, that is told to end.
func (m *measurement) process(ctx context.Context, p *pass) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"run", "-resume", m.out.path, "-pass", strconv.Itoa(p.number)}
	if m.stack != "" {
		args = append(args, "-stack", m.stack)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self, args...) // it has environments to end
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
	stop := context.AfterFunc(ctx, func() { _ = in.Close() })
	defer stop()
	for lines := json.NewDecoder(out); ; {
		var t told
		if lines.Decode(&t) != nil {
			break // it is over, as Wait says better
		}
		if t.Begin != "" {
			m.progress.begin(t.Begin)
		}
		if t.End != "" {
			m.done++
			m.progress.end(t.End, t.Weight)
		}
	}
	if err := cmd.Wait(); err != nil {
		why := strings.TrimPrefix(strings.TrimSpace(said.String()), "benchmarks run: ")
		return errors.New(why + " (" + err.Error() + ")")
	}
	return nil
}

// child is such a process. It ends early if its standard input does.
func (s *settings) child(ctx context.Context, out *output, stdin io.Reader, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	defer func() { err = errors.Join(err, out.file.Close()) }()
	// Each has delays of its own.
	profile, err := network.New(s.network, s.seed+uint64(s.pass))
	if err != nil {
		return err
	}
	m := &measurement{settings: s, out: out, modelled: profile.Modelled(), clock: newClock(out.run.Started), progress: teller{json.NewEncoder(stdout)}}
	if m.deploy, err = s.deployer(ctx, profile); err != nil {
		return err
	}
	passes := m.passes()
	if s.pass > len(passes) {
		return fmt.Errorf("-pass is %d, and this run has %d", s.pass, len(passes))
	}
	return m.one(ctx, passes[s.pass-1])
}

// told is what a process tells about its rounds.
type told struct {
	Begin  string        `json:"begin,omitempty"`
	End    string        `json:"end,omitempty"`
	Weight time.Duration `json:"weight,omitempty"`
}

// teller is the progress of such a process.
type teller struct{ to *json.Encoder }

func (t teller) begin(what string) { _ = t.to.Encode(told{Begin: what}) }

func (t teller) end(what string, weight time.Duration) {
	_ = t.to.Encode(told{End: what, Weight: weight})
}

func (teller) close() {}
