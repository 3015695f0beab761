package run

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// small is a workload of a fraction of a second.
const small = `{"name":"small","title":"t","about":"a","load":{"shape":"constant","rate":20,"requests":4,"warmup":2},
	"handler":{"wait_ms":5},"tasks":2,"task":{"wait_ms":30},"memory_mb":128,"timeout_ms":3000}`

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "workload.json")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// main runs the subcommand as it is run from a shell.
func main(t *testing.T, ctx context.Context, stderr *watcher, args ...string) error {
	t.Helper()
	var out bytes.Buffer
	return Main(ctx, args, &out, stderr)
}

// watcher is a stderr that calls back when it sees a text.
type watcher struct {
	text string
	then func()
}

func (w *watcher) Write(p []byte) (int, error) {
	if w.text != "" && strings.Contains(string(p), w.text) {
		w.then()
	}
	return len(p), nil
}

func TestEveryContestantIsMeasured(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.ndjson")
	if err := main(t, t.Context(), &watcher{}, "-workload", write(t, small), "-rounds", "1", "-o", path); err != nil {
		t.Fatal(err)
	}
	f, err := record.Open(path)
	if err != nil || f.Cut || f.Run.Network.Profile != "loopback" || len(f.Workloads) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	byContestant := map[string][]record.Request{}
	for _, q := range f.Requests {
		if !q.Warmup {
			byContestant[q.Contestant] = append(byContestant[q.Contestant], q)
		}
	}
	for _, c := range cost.Contestants() {
		t.Run(string(c), func(t *testing.T) {
			requests := byContestant[string(c)]
			if len(requests) != 4 {
				t.Fatalf("%d requests, want 4", len(requests))
			}
			for i := range requests {
				checkRequest(t, c, &requests[i])
			}
		})
	}
	now := int64(time.Since(f.Run.Started))
	for _, r := range f.Rounds {
		if r.StartNS <= 0 || r.EndNS > now {
			t.Errorf("a round from %d to %d ns, %d ns after the run was started", r.StartNS, r.EndNS, now)
		}
		if r.Errors > 0 || r.TasksLost > 0 && r.Contestant != string(cost.Goroutine) {
			t.Errorf("%+v", r)
		}
	}
}

// checkRequest holds a request against what its contestant promises.
func checkRequest(t *testing.T, c cost.Contestant, q *record.Request) {
	t.Helper()
	if _, ok := q.Latency(); !ok || q.SentNS < q.IntendedNS || q.FirstByteNS < q.SentNS || q.DoneNS < q.FirstByteNS {
		t.Errorf("client's times of %+v", q)
	}
	if len(q.Invocations) == 0 || q.Invocations[0].Function != record.Handler {
		t.Fatalf("no invocation of the handler: %+v", q)
	}
	handler := q.Invocations[0]
	if handler.BilledMS < 5 || handler.Environment == "" || handler.HandlerEndNS-handler.HandlerStartNS < 5e6 || handler.FrozeNS < handler.ResponseNS {
		t.Errorf("%+v", handler)
	}
	if c == cost.Goroutine {
		return // its tasks run when something else thaws them, or never
	}
	if len(q.Tasks) != 2 {
		t.Fatalf("%d tasks: %+v", len(q.Tasks), q)
	}
	for _, task := range q.Tasks {
		before := task.EndNS <= handler.ResponseNS
		switch {
		case task.Outcome != record.Done || task.EndNS-task.StartNS < 30e6 || task.Environment == "":
			t.Errorf("%+v", task)
		case before != (c == cost.Inline || c == cost.APIGatewayAsync):
			t.Errorf("a task ended %d ns after the response", task.EndNS-handler.ResponseNS)
		}
	}
	sent := c == cost.Invoke || c == cost.SQS || c == cost.SQSAfter
	if sent != (len(handler.Sends) > 0) || sent != (q.Tasks[0].RequestID != handler.RequestID) {
		t.Errorf("sends %+v, tasks %+v", handler.Sends, q.Tasks)
	}
	if (q.Queue != nil) != (c == cost.SQS || c == cost.SQSAfter) || q.Queue != nil && (q.Queue.Send != 1 || q.Queue.Messages != 2) {
		t.Errorf("queue %+v", q.Queue)
	}
}

func TestAnInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.ndjson")
	ctx, interrupt := context.WithCancel(t.Context())
	err := main(t, ctx, &watcher{text: "round 2", then: interrupt}, "-workload", write(t, small), "-rounds", "2",
		"-contestant", "stream", "-contestant", "inline", "-o", path)
	if err == nil || !strings.Contains(err.Error(), "-resume "+path) {
		t.Fatalf("the error does not say how to go on: %v", err)
	}
	part, err := record.Open(path)
	if err != nil || part.Cut || len(part.Rounds) != 5 { // two warm-ups, the first pass, and the round that was over when it was interrupted
		t.Fatalf("%+v, %v", part, err)
	}

	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"kind":"request","workload":"sm`); err != nil { // a SIGKILL in the middle of a write
		t.Fatal(err)
	}
	f.Close()

	if err := main(t, t.Context(), &watcher{}, "-resume", path); err != nil {
		t.Fatal(err)
	}
	whole, err := record.Open(path)
	if err != nil || whole.Cut {
		t.Fatalf("%+v, %v", whole, err)
	}
	rounds := map[string]int{}
	for i, r := range whole.Rounds {
		rounds[r.Contestant]++
		if i > 0 && r.StartNS < whole.Rounds[i-1].EndNS && !r.Warmup && !whole.Rounds[i-1].Warmup {
			t.Errorf("round %+v begins before the one in front of it ends", r)
		}
	}
	// One warm-up of each is written, though the second pass and the run that went on had theirs.
	if len(whole.Rounds) != 6 || rounds["stream"] != 3 || rounds["inline"] != 3 {
		t.Errorf("rounds %v", rounds)
	}
}

func TestAnOlderFileIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.ndjson")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := main(t, ctx, &watcher{}, "-workload", "order", "-o", path); err == nil {
		t.Error("a run that was interrupted at once reports success")
	}
	kept, err := filepath.Glob(path + ".*")
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v, %v", kept, err)
	}
	if b, _ := os.ReadFile(kept[0]); string(b) != "precious" {
		t.Errorf("%q", b)
	}
}

func TestARunGoesOnlyOnAtItsCommit(t *testing.T) {
	t.Parallel()
	w, err := workload.Named(write(t, small))
	if err != nil {
		t.Fatal(err)
	}
	c := &campaign{settings: &settings{workloads: []workload.Workload{w}, contestants: []cost.Contestant{cost.Stream}}, out: &output{path: "x.ndjson"}}
	c.out.run.Commit, c.out.run.Rounds = "0123456789ab", 1
	if err := c.all(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), `begun at commit "0123456789ab"`) {
		t.Errorf("%v", err)
	}
}

func TestModelledDelaysAreSaidToBe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.ndjson")
	if err := main(t, t.Context(), &watcher{}, "-workload", write(t, small), "-rounds", "1", "-contestant", "stream", "-network", "aws", "-o", path); err != nil {
		t.Fatal(err)
	}
	f, err := record.Open(path)
	if err != nil || len(f.Requests) == 0 {
		t.Fatalf("%+v, %v", f, err)
	}
	for _, q := range f.Requests {
		if !q.Modelled {
			t.Errorf("not modelled: %+v", q)
		}
	}
}

func TestMistakesInFlags(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"carrier-pigeon":  {"-contestant", "carrier-pigeon"},
		"nothing":         {"-workload", "nothing"},
		"moon":            {"-network", "moon"},
		"-rounds":         {"-rounds", "-1"},
		"surplus":         {"surplus"},
		"mars":            {"-target", "mars"},
		"named \"order\"": {"-workload", "order", "-workload", "order"},
		"given twice":     {"-contestant", "sqs", "-contestant", "sqs"},
		"no such file":    {"-resume", "/nonexistent/run.ndjson"},
	} {
		if err := main(t, t.Context(), &watcher{}, append(args, "-o", filepath.Join(t.TempDir(), "x"))...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
