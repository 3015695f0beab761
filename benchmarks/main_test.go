package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record/recordtest"
	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestExitStatus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	save := func(name string, o recordtest.Options) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, recordtest.Bytes(recordtest.File(o)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a := save("a", recordtest.Options{Seed: 1})
	b := save("b", recordtest.Options{Seed: 2, Slower: map[cost.Contestant]float64{cost.Stream: 3}})
	for _, c := range []struct {
		want int
		args []string
	}{
		{0, []string{"compare", a, a}},
		{3, []string{"compare", a, b}},
		{1, []string{"compare", a, filepath.Join(dir, "none")}},
		{0, []string{"cost", "-h"}},
		{1, []string{"cost", "-memory", "1"}},
		{0, []string{"report", "-o", filepath.Join(dir, "report"), a}},
		{2, []string{"no-such-command"}},
		{2, nil},
		{0, []string{"-h"}},
	} {
		var out, errs bytes.Buffer
		if got := dispatch(t.Context(), c.args, &out, &errs); got != c.want {
			t.Errorf("%q: status %d, want %d\n%s%s", c.args, got, c.want, out.String(), errs.String())
		}
		if len(c.args) > 0 && c.args[0] == "no-such-command" && !strings.Contains(errs.String(), c.args[0]) {
			t.Errorf("what is wrong with %q? %s", c.args, errs.String())
		}
		if c.want == 2 && !strings.Contains(errs.String(), "recommend") {
			t.Errorf("%q does not list the commands: %s", c.args, errs.String())
		}
	}
}
