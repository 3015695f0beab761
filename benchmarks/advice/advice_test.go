package advice

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/record/recordtest"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was (run with -update if that is right):\n%s", path, got)
	}
}

func costOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := CostMain(t.Context(), args, &out, io.Discard)
	return out.String(), err
}

func recommend(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := RecommendMain(t.Context(), args, &out, io.Discard)
	return out.String(), err
}

// saved is a made-up run in a file.
func saved(t *testing.T, f *record.File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.ndjson")
	if err := os.WriteFile(path, recordtest.Bytes(f), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCostTable(t *testing.T) {
	t.Parallel()
	out, err := costOf(t, "-worker-memory", "256", "-log-invocation", "300", "-tasks", "3", "-failure-rate", "0.01")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "cost.txt", out)
}

func TestCostAsJSONAddsUp(t *testing.T) {
	t.Parallel()
	out, err := costOf(t, "-json", "-free-tier", "-worker-memory", "256")
	if err != nil {
		t.Fatal(err)
	}
	var bills []struct {
		Contestant cost.Contestant
		Items      []cost.Item
		Total      cost.USD
	}
	if err := json.Unmarshal([]byte(out), &bills); err != nil {
		t.Fatal(err)
	}
	if len(bills) != len(cost.Contestants()) {
		t.Errorf("%d bills", len(bills))
	}
	for _, b := range bills {
		var sum cost.USD
		for _, i := range b.Items {
			sum = sum.Add(i.Amount)
		}
		if sum.Cents() != b.Total.Cents() || len(b.Items) == 0 {
			t.Errorf("%s: %d items of %v, total %v", b.Contestant, len(b.Items), sum, b.Total)
		}
	}
}

func TestTheFreeTierIsAsked(t *testing.T) {
	t.Parallel()
	with, err := costOf(t, "-free-tier", "-contestant", "stream")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(with, "free tier)") || !strings.Contains(with, "with the free tier") {
		t.Errorf("%s", with)
	}
	without, err := costOf(t, "-contestant", "stream")
	if err != nil || strings.Contains(without, "(free tier)") {
		t.Errorf("%v\n%s", err, without)
	}
}

func TestCostSaysWhatIsNotPossible(t *testing.T) {
	t.Parallel()
	out, err := costOf(t, "-task", "20m", "-contestant", "extension")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "not possible") || !strings.Contains(out, "its timeout is 15m0s") {
		t.Errorf("%s", out)
	}
}

func TestFlagsBesideAFileWin(t *testing.T) {
	t.Parallel()
	path := saved(t, recordtest.File(recordtest.Options{}))
	total := func(args ...string) string {
		out, err := costOf(t, append([]string{"-json", "-contestant", "stream"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var bills []struct{ Total string }
		if err := json.Unmarshal([]byte(out), &bills); err != nil || len(bills) != 1 {
			t.Fatalf("%v: %s", err, out)
		}
		return bills[0].Total
	}
	if total(path) == total("-memory", "2048", path) {
		t.Error("-memory beside a file changes nothing")
	}
	if total(path) == total("-workload", "classic", path) {
		t.Error("-workload chooses nothing")
	}
	if total("-handler", "20ms", "-task", "1s", "-init", "0s", "-handoff", "1ms", path) != total("-task", "1s", "-timeout", "30s") {
		t.Error("the file wins over -handler and -task")
	}
	if _, err := costOf(t, "-workload", "none", path); err == nil || !strings.Contains(err.Error(), "order, classic, burst") {
		t.Errorf("%v: it should list the workloads there are", err)
	}
}

func TestAWorkloadFileIsTakenToo(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(recordtest.Order())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mine.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := costOf(t, path)
	if err != nil {
		t.Fatal(err)
	}
	byFlags, err := costOf(t, "-task-bytes", "900")
	if err != nil {
		t.Fatal(err)
	}
	if a != byFlags {
		t.Errorf("the file:\n%s\nthe same as flags:\n%s", a, byFlags)
	}
}

func TestCheckPassesAndFailsByRow(t *testing.T) {
	t.Parallel()
	steady := recordtest.Options{Workloads: []workload.Workload{recordtest.Classic()}, Contestants: []cost.Contestant{cost.Inline, cost.Stream, cost.SQS}}
	out, err := costOf(t, "-check", saved(t, recordtest.File(steady)))
	if err != nil || strings.Contains(out, "FAIL") || strings.Count(out, "pass ") < 6 {
		t.Errorf("%v\n%s", err, out)
	}
	f := recordtest.File(steady)
	for i := range f.Requests {
		if q := &f.Requests[i]; q.Contestant == string(cost.Stream) {
			q.Invocations[0].BilledMS += 500
			q.Invocations[0].DurationMS += 500
			q.Invocations[0].FrozeNS += 500e6
		}
	}
	path := saved(t, f)
	out, err = costOf(t, "-check", path)
	if !errors.Is(err, ErrOff) || !strings.Contains(out, "1 of 3 rows fail") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = costOf(t, "-json", "-check", path)
	var rows []row
	if jsonErr := json.Unmarshal([]byte(out), &rows); !errors.Is(err, ErrOff) || jsonErr != nil || len(rows) != 3 {
		t.Errorf("%v, %v\n%s", err, jsonErr, out)
	}
	for _, r := range rows {
		if r.BilledPasses == (r.Contestant == cost.Stream) {
			t.Errorf("%+v", r)
		}
	}
}

func TestRecommendation(t *testing.T) {
	t.Parallel()
	out, err := recommend(t, "-worker-memory", "256", "-durable", "failures", "-p99", "100ms")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "recommend.txt", out)
}

func TestRecommendationFollowsTheNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want string // the beginning of the answer
		args []string
	}{
		{"stream costs", []string{"-task", "5ms", "-p99", "100ms"}},
		{"invoke costs", []string{"-durable", "yes", "-p99", "100ms"}},
		{"sqs costs", []string{"-ordered", "-durable", "yes"}},
		{"inline costs", []string{"-durable", "yes"}},
	} {
		out, err := recommend(t, c.args...)
		if err != nil || !strings.HasPrefix(out, c.want) {
			t.Errorf("%q: %v, want %q\n%s", c.args, err, c.want, out)
		}
	}
}

func TestNeedsThatNobodyMeets(t *testing.T) {
	t.Parallel()
	_, err := recommend(t, "-durable", "yes", "-p99", "100ms", "-task-bytes", "1100000")
	if !errors.Is(err, cost.ErrNoneMeets) || !strings.Contains(err.Error(), "does not fit into 1 MiB") {
		t.Errorf("%v: it should say what is against each", err)
	}
}

func TestOneContestantIsItemised(t *testing.T) {
	t.Parallel()
	out, err := costOf(t, "-contestant", "sqs", "-rate", "0.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range []string{"SQS requests, send", "SQS requests, delete", "SQS requests, empty polls", "Lambda duration, worker"} {
		if !strings.Contains(out, item) {
			t.Errorf("no %q in\n%s", item, out)
		}
	}
}

func TestRecommendationShowsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	path := saved(t, recordtest.File(recordtest.Options{}))
	out, err := recommend(t, "-p99", "29ms", path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "Measured with stream on order") || !strings.Contains(out, "0 of 120 tasks lost") {
		t.Errorf("%s", out)
	}
	out, err = recommend(t, "-json", path)
	var advice cost.Advice
	if jsonErr := json.Unmarshal([]byte(out), &advice); err != nil || jsonErr != nil || len(advice.Options) != len(cost.Contestants()) {
		t.Errorf("%v, %v", err, jsonErr)
	}
}

func TestBadInputIsRefused(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{
		{"-memory", "1"},
		{"-rate", "-1"},
		{"-rate", "NaN"},
		{"-arch", "mips"},
		{"-front", "ftp"},
		{"-failure-rate", "2"},
		{"-tasks", "-1"},
		{"-batch", "99999"},
		{"-contestant", "ftp"},
		{"-prices", none},
		{none},
		{none, none},
		{"-check", none},
		{"-no-such-flag"},
	} {
		if _, err := costOf(t, args...); err == nil {
			t.Errorf("cost %q is accepted", args)
		}
	}
	for _, args := range [][]string{{"-durable", "maybe"}, {"-p99", "-1s"}, {"-concurrency", "-1"}} {
		if _, err := recommend(t, args...); err == nil {
			t.Errorf("recommend %q is accepted", args)
		}
	}
	if _, err := costOf(t, "-h"); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}
