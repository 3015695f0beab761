package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// What goes wrong in the process of a pass is told by the one that started it.
func TestAPassThatFails(t *testing.T) {
	t.Parallel()
	c := &campaign{settings: &settings{network: "moon"}, out: &output{}, progress: &printed{to: io.Discard}}
	err := c.process(t.Context(), &pass{number: 1, workload: &workload.Workload{}}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), `pass 1: network profile "moon"`) {
		t.Errorf("%v", err)
	}
}

func TestAPassThatTellsOfOtherRounds(t *testing.T) {
	t.Parallel()
	c := &campaign{out: &output{had: map[roundID]bool{}}, progress: &printed{to: io.Discard}}
	asked := []step{{cost.Inline, 1}}
	for _, told := range []string{"PASS", "{}", `{"step":{"contestant":"stream","round":1},"lines":"x"}`} {
		if left, err := c.keep(&workload.Workload{}, asked, json.NewDecoder(strings.NewReader(told))); !errors.Is(err, errNonsense) || len(left) != 1 {
			t.Errorf("%s: %v, and %v is left", told, err, left)
		}
	}
	for _, told := range []string{"", `{"begin":"inline"}`, `{"st`} {
		if left, err := c.keep(&workload.Workload{}, asked, json.NewDecoder(strings.NewReader(told))); err != nil || !slices.Equal(left, asked) {
			t.Errorf("%q: %v, and %v is left", told, err, left)
		}
	}
}

// A process whose reader is gone ends its environments before itself.
func TestAPassThatNobodyListensTo(t *testing.T) {
	t.Parallel()
	w, err := workload.Named(write(t, small))
	if err != nil {
		t.Fatal(err)
	}
	order, err := json.Marshal(assignment{
		Started: time.Now(), Target: targetLocal, Network: "loopback", Workload: w, Steps: []step{{cost.Stream, warmupRound}, {cost.Stream, 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	nobody, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	defer stdout.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], PassCommand)
	cmd.Stdout = stdout
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe() // stays open
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(order); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(said.String(), "broken pipe") {
		t.Errorf("%v, and said %q; want an exit with status 1 that says why", err, said.String())
	}
}

func TestRoundsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	path := write(t, small)
	closed, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	w, err := workload.Named(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &campaign{settings: &settings{network: "loopback"}, out: &output{file: closed}, progress: &printed{to: io.Discard}}
	steps := []step{{cost.Inline, warmupRound}, {cost.Inline, 1}}
	if err := c.process(t.Context(), &pass{1, &w, steps}, steps); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v, want %v", err, os.ErrClosed)
	}
}

func TestAPassWithNothingToMeasure(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{"": "for run to start", "{": "for run to start", `{"network":"moon"}`: "moon"} {
		if err := measurePass(t.Context(), strings.NewReader(input), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", input, err, want)
		}
	}
	if err := PassMain(t.Context(), []string{"surplus"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "surplus") {
		t.Errorf("%v", err)
	}
}
