package compare

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/record/recordtest"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func file(seed uint64, slower map[cost.Contestant]float64) *record.File {
	return recordtest.File(recordtest.Options{
		Seed: seed, Slower: slower, Workloads: []workload.Workload{recordtest.Order()},
		Contestants: []cost.Contestant{cost.Inline, cost.Invoke, cost.SQS, cost.Stream, cost.Extension},
	})
}

func of(t *testing.T, a, b *record.File) *Comparison {
	t.Helper()
	c, err := Of(analysis.Of(a), analysis.Of(b), 0.1)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTwoRunsOfTheSameAgree(t *testing.T) {
	t.Parallel()
	c := of(t, file(1, nil), file(2, nil))
	if !c.Agrees() {
		t.Errorf("%+v", c)
	}
	for _, r := range c.Workloads[0].Rows {
		if r.Verdict != Same || r.Ratio.Low > r.Ratio.Value || r.Ratio.High < r.Ratio.Value {
			t.Errorf("%s: %+v", r.Contestant, r)
		}
	}
	if last := c.Workloads[0].Rows[4]; last.Contestant != cost.Inline || c.Workloads[0].Base != cost.Inline {
		t.Errorf("inline is not the slowest and the base: %+v", c.Workloads[0])
	}
}

func TestASlowerContestantDiffersAndChangesTheOrder(t *testing.T) {
	t.Parallel()
	c := of(t, file(1, nil), file(2, map[cost.Contestant]float64{cost.Stream: 3}))
	if c.Agrees() {
		t.Error("three times as slow, and the runs agree")
	}
	w := c.Workloads[0]
	for _, r := range w.Rows {
		if want := map[bool]Verdict{true: Differ, false: Same}[r.Contestant == cost.Stream]; r.Verdict != want {
			t.Errorf("%s: %s, want %s", r.Contestant, r.Verdict, want)
		}
	}
	for _, r := range w.Rows {
		if r.Contestant == cost.Stream && (math.Abs(r.Share.Value-2.8) > 0.3 || r.Share.Low > r.Share.Value || r.Share.High < r.Share.Value) {
			t.Errorf("stream moved by %+v, want about 61/21 times", r.Share)
		}
	}
	swapped := false
	for _, s := range w.Swapped {
		swapped = swapped || s == [2]cost.Contestant{cost.Stream, cost.SQS}
		if s[0] != cost.Stream {
			t.Errorf("%v changed places", s)
		}
	}
	if !swapped {
		t.Errorf("stream was before sqs and is behind it: %v", w.Swapped)
	}
}

func TestTheBaseIsTheSameWhicheverFileIsFirst(t *testing.T) {
	t.Parallel()
	for want, names := range map[cost.Contestant][]cost.Contestant{
		cost.Inline:    {cost.Stream, cost.Goroutine, cost.Inline},
		cost.Goroutine: {cost.SQS, cost.Stream, cost.Goroutine},
		cost.SQS:       {cost.Stream, cost.SQS},
	} {
		order := recordtest.Options{Seed: 1, Contestants: names, Workloads: []workload.Workload{recordtest.Order()}}
		slower := order
		slower.Seed, slower.Slower = 2, map[cost.Contestant]float64{cost.Stream: 40}
		a, b := recordtest.File(order), recordtest.File(slower)
		if first, second := of(t, a, b).Workloads[0].Base, of(t, b, a).Workloads[0].Base; first != want || second != want {
			t.Errorf("%v: %s and %s are the bases, want %s", names, first, second, want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for want, i := range map[Verdict]analysis.Interval{
		Same:   {Value: 1.09, Low: 1.05, High: 1.2},
		Chance: {Value: 1.3, Low: 0.9, High: 2},
		Differ: {Value: 0.8, Low: 0.7, High: 0.85},
	} {
		if got := verdict(i, 0.1); got != want {
			t.Errorf("%+v: %s, want %s", i, got, want)
		}
	}
}

func TestASlowerMachineIsNoDifference(t *testing.T) {
	t.Parallel()
	a, b := file(1, nil), file(1, nil) // the same requests
	for i := range b.Requests {
		q := &b.Requests[i]
		q.DoneNS = q.IntendedNS + 2*(q.DoneNS-q.IntendedNS)
	}
	c := of(t, a, b)
	if !c.Agrees() {
		t.Error("everything takes twice as long, and the order or the ratios to inline changed")
	}
	for _, r := range c.Workloads[0].Rows {
		if r.Verdict != Differ {
			t.Errorf("%s takes twice as long: %s", r.Contestant, r.Verdict)
		}
	}
}

func TestFilesWithNothingInCommon(t *testing.T) {
	t.Parallel()
	other := recordtest.File(recordtest.Options{Workloads: []workload.Workload{recordtest.Burst()}})
	if _, err := Of(analysis.Of(file(1, nil)), analysis.Of(other), 0.1); !errors.Is(err, ErrNothing) {
		t.Errorf("%v", err)
	}
}

func TestTheSubcommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	save := func(name string, f *record.File) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, recordtest.Bytes(f), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := save("a", file(1, nil)), save("b", file(2, nil))
	moved := file(2, map[cost.Contestant]float64{cost.Stream: 3})
	moved.Run.Commit = "fedcba987654"
	moved.Workloads[0].Task.WaitMS++
	c := save("c", moved)

	var out, errs bytes.Buffer
	if err := Main(t.Context(), []string{a, b}, &out, &errs); err != nil || !strings.Contains(out.String(), "The runs agree") {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := Main(t.Context(), []string{a, c}, &out, &errs); !errors.Is(err, ErrDiffer) {
		t.Errorf("%v, want ErrDiffer", err)
	}
	for _, want := range []string{"commit differs: 0123456789ab and fedcba987654", "workload order differs", "A has stream before sqs, B after it", "do not agree"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for _, args := range [][]string{nil, {a}, {a, b, c}, {"-tolerance", "2", a, b}, {a, filepath.Join(dir, "none")}} {
		if err := Main(t.Context(), args, &out, &errs); err == nil || errors.Is(err, ErrDiffer) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
