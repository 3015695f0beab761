package binaries

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestEveryStrategyHasItsRow(t *testing.T) {
	if testing.Short() {
		t.Skip("builds six programs")
	}
	t.Parallel()
	var out, problems bytes.Buffer
	if err := Main(t.Context(), []string{"-n", "2"}, &out, &problems); err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	rows := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(rows) != 1+len(variants) {
		t.Fatalf("%d rows:\n%s", len(rows), out.String())
	}
	for i, v := range variants {
		if !strings.Contains(rows[i+1], v.program) || !strings.Contains(rows[i+1], v.strategy) {
			t.Errorf("row %q is not of %+v", rows[i+1], v)
		}
	}
}

func TestABadNumberIsRefused(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Main(t.Context(), []string{"-n", "0"}, &out, &out); err == nil || !strings.Contains(err.Error(), "-n") {
		t.Errorf("%v", err)
	}
}
