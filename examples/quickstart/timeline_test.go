package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

var update = flag.Bool("update", false, "write the golden files")

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// script makes the events and the log of made-up requests, in the form in which lambdatest gives the real ones.
type script struct {
	sent   []exchange
	events []lambdatest.Event
	logs   []lambdatest.LogLine
}

// request is sent at one moment, answered at a second, and followed by a freeze at a third.
func (s *script) request(sent, answered, freeze int) {
	id := fmt.Sprintf("request-%d", len(s.sent)+1)
	s.sent = append(s.sent, exchange{
		requestID: id, status: 201, sent: at(sent), answered: at(answered), billed: at(freeze).Sub(at(sent)),
	})
	for _, e := range []struct {
		kind lambdatest.EventKind
		ms   int
	}{
		{lambdatest.EventThaw, sent},
		{lambdatest.EventInvokeStart, sent},
		{lambdatest.EventResponseStart, answered},
		{lambdatest.EventResponseEnd, answered},
		{lambdatest.EventFreeze, freeze},
		{lambdatest.EventReport, freeze},
	} {
		event := lambdatest.Event{Time: at(e.ms), Kind: e.kind}
		if e.kind != lambdatest.EventThaw && e.kind != lambdatest.EventFreeze {
			event.RequestID = id
		}
		s.events = append(s.events, event)
	}
}

func (s *script) task(name, order string, from, to int) {
	s.log(from, "task started", name, order)
	if to > 0 {
		s.log(to, "task done", name, order)
	}
}

func (s *script) log(ms int, msg, name, order string) {
	s.logs = append(s.logs, lambdatest.LogLine{Text: fmt.Sprintf(
		`{"time":%q,"level":"INFO","msg":%q,"task":%q,"order":%q}`, at(ms).Format(time.RFC3339Nano), msg, name, order)})
}

// synthetic is a trace of a scenario as it is on an idle machine, with round numbers.
func synthetic(t *testing.T, name string) trace {
	t.Helper()
	s := &script{logs: []lambdatest.LogLine{{Platform: true, Text: "START RequestId: request-1"}, {Text: "not JSON"}}}
	switch name {
	case "naive":
		s.request(0, 42, 43)
		s.request(943, 985, 986)
		s.task("send-receipt", "a", 42, 944)
		s.task("audit-row", "a", 42, 944)
		s.task("webhook", "a", 42, 945)
		s.task("webhook", "b", 985, 0)
	case "naive-slow": // the webhook is called after the thaw, and takes another one
		s.request(0, 42, 43)
		s.request(943, 985, 986)
		s.request(1886, 1927, 1928)
		s.task("send-receipt", "a", 42, 944)
		s.task("audit-row", "a", 943, 1887)
		s.task("webhook", "a", 42, 1888)
		s.task("send-receipt", "b", 985, 1890)
	case "inline":
		s.request(0, 742, 743)
		s.task("send-receipt", "a", 40, 240)
		s.task("audit-row", "a", 40, 160)
		s.task("webhook", "a", 40, 741)
	case "lost":
		s.request(0, 42, 600)
		s.task("send-receipt", "a", 43, 243)
		s.task("audit-row", "a", 43, 163)
		s.task("webhook", "a", 43, 0)
	default:
		s.request(0, 42, 745)
		s.task("send-receipt", "a", 43, 243)
		s.task("audit-row", "a", 43, 163)
		s.task("webhook", "a", 43, 744)
	}
	tr, err := newTrace(scenario{name: name}, "a", s.sent, s.events, s.logs)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestDrawing(t *testing.T) {
	t.Parallel()
	names := []string{"naive", "naive-slow", "inline", "stream", "lost"}
	for _, test := range []struct {
		file   string
		width  int
		colour bool
	}{
		{"80.golden", 80, false},
		{"64.golden", 64, false},
		{"120-colour.golden", 120, true},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			s := &screen{out: &out, width: test.width, colour: test.colour}
			s.legend()
			var traces []trace
			for i, name := range names {
				tr := synthetic(t, name)
				s.title(i+1, scenario{name: name, title: "made up"})
				s.timeline(tr)
				traces = append(traces, tr)
			}
			s.summary(traces)
			s.farewell()
			golden(t, test.file, out.Bytes())
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the drawing differs from %s (go test -update writes it):\n%s", path, got)
	}
}

// TestDoneAtTheThaw: a task that ends between the thaw and the event was done because of that event.
func TestDoneAtTheThaw(t *testing.T) {
	t.Parallel()
	tr := synthetic(t, "naive")
	for i := range tr.tasks {
		tr.tasks[i].to = tr.requests[1].awake.from - time.Microsecond
	}
	if _, during := tr.lastDone(); during != 2 {
		t.Errorf("the work was done because of request %d, want 2", during)
	}
}

// TestMissingRecord: a request that Lambda knows nothing of is an error, not an empty drawing.
func TestMissingRecord(t *testing.T) {
	t.Parallel()
	s := &script{}
	s.request(0, 42, 43)
	if _, err := newTrace(scenario{}, "a", s.sent, s.events[:4], nil); err == nil {
		t.Error("a trace without its freeze")
	}
}

func TestMillis(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 ms", 1499 * time.Microsecond: "1 ms", 999 * time.Millisecond: "999 ms",
		time.Second: "1,000 ms", 20 * time.Minute: "1,200,000 ms",
	} {
		if got := millis(d); got != want {
			t.Errorf("millis(%v) = %q, want %q", d, got, want)
		}
	}
}
