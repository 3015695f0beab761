package binaries

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestAProgramIsBuiltAndStarted(t *testing.T) {
	t.Parallel()
	results, err := measure(t.Context(), []variant{{"bare", ""}, {"stream", "stream"}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	bare, stream := results[0], results[1]
	if bare.bytes < 1e6 || stream.bytes <= bare.bytes {
		t.Errorf("bare has %d bytes, stream %d", bare.bytes, stream.bytes)
	}
	for _, r := range results {
		if len(r.init) != 2 || r.init[0] <= 0 || r.init[1] < r.init[0] {
			t.Errorf("cold starts of %s: %v", r.program, r.init)
		}
	}
}

func TestAProgramThatCannotStartIsAnError(t *testing.T) {
	t.Parallel()
	_, err := measure(t.Context(), []variant{{"stream", "carrier-pigeon"}}, 1)
	if err == nil || !strings.Contains(err.Error(), "carrier-pigeon") {
		t.Errorf("%v", err)
	}
}

func TestTheTableIsHeldAgainstTheFirstRow(t *testing.T) {
	t.Parallel()
	ms := func(n ...int) (d []time.Duration) {
		for _, x := range n {
			d = append(d, time.Duration(x)*time.Millisecond)
		}
		return d
	}
	var out bytes.Buffer
	if err := table(&out, []result{
		{variant: variant{"bare", ""}, bytes: 6_000_000, init: ms(3, 4, 9)},
		{variant: variant{"sqs", "sqs"}, bytes: 7_500_000, init: ms(5, 6, 7)},
	}); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(out.String()), "\n")
	if got := strings.Join(strings.Fields(rows[2]), " "); got != "sqs| sqs| 7.50| 1500| 6.0| 2.0| 7.0|" {
		t.Errorf("row %q", got)
	}
}

func TestABadNumberIsRefused(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Main(t.Context(), []string{"-n", "0"}, &out, &out); err == nil || !strings.Contains(err.Error(), "-n") {
		t.Errorf("%v", err)
	}
}
