package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// record is a line that testdata/function wrote: a task "began", "ran" to its end, was "cancelled", or has its terminal
// event ("done", "failed", "dropped").
type record struct {
	Time    time.Time `json:"time"`
	Request string    `json:"request"`
	What    string    `json:"what"`
	Task    string    `json:"task"`
	Hops    int       `json:"hops"`
	Error   string    `json:"error"`
}

func (f *function) records(tb testing.TB) []record {
	tb.Helper()
	b, err := os.ReadFile(f.journal)
	if err != nil && !os.IsNotExist(err) {
		tb.Fatal(err)
	}
	var records []record
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is just being written
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			tb.Fatalf("%v in %s", err, line)
		}
		records = append(records, r)
	}
	return records
}

// find gives the records of a kind; empty stands for any.
func (f *function) find(tb testing.TB, what, task, requestID string) []record {
	tb.Helper()
	var found []record
	for _, r := range f.records(tb) {
		if (what == "" || r.What == what) && (task == "" || r.Task == task) && (requestID == "" || r.Request == requestID) {
			found = append(found, r)
		}
	}
	return found
}

func (f *function) count(tb testing.TB, what, task, requestID string) int {
	tb.Helper()
	return len(f.find(tb, what, task, requestID))
}

// one gives the only record of its kind.
func (f *function) one(tb testing.TB, what, task, requestID string) record {
	tb.Helper()
	found := f.find(tb, what, task, requestID)
	if len(found) != 1 {
		tb.Fatalf("%d times %s %s, want once; journal: %+v", len(found), what, task, f.records(tb))
	}
	return found[0]
}

// ended fails unless the task ended once, as the kind of terminal event says, for a reason with this text.
func (f *function) ended(tb testing.TB, requestID, task, kind, reason string) {
	tb.Helper()
	var ends []record
	for _, what := range []string{"done", "failed", "handed over", "dropped"} {
		ends = append(ends, f.find(tb, what, task, requestID)...)
	}
	if len(ends) != 1 || ends[0].What != kind || !strings.Contains(ends[0].Error, reason) {
		tb.Errorf("task %q ended as %+v, want once: %s, with %q", task, ends, kind, reason)
	}
}

// at is when something happened to an invocation, or, for a freeze, for the first time after it began.
func (f *function) at(tb testing.TB, kind lambdatest.EventKind, requestID string) time.Time {
	tb.Helper()
	begun := false
	for _, e := range f.Events() {
		begun = begun || e.RequestID == requestID
		if begun && e.Kind == kind && (e.RequestID == requestID || kind == lambdatest.EventFreeze) {
			return e.Time
		}
	}
	tb.Fatalf("no %s of %s in %v", kind, requestID, f.Events())
	return time.Time{}
}

// ranInTail fails unless the task ran from begin to end between the answer and the freeze.
func (f *function) ranInTail(tb testing.TB, answer lambdatest.EventKind, requestID, task string) {
	tb.Helper()
	answered, frozen := f.at(tb, answer, requestID), f.at(tb, lambdatest.EventFreeze, requestID)
	began, ran := f.one(tb, "began", task, requestID).Time, f.one(tb, "ran", task, requestID).Time
	if began.Before(answered) || ran.After(frozen) {
		tb.Errorf("%s %v, task from %v to %v, freeze %v: not in this order", answer,
			answered.Format(time.StampMicro), began.Format(time.StampMicro), ran.Format(time.StampMicro), frozen.Format(time.StampMicro))
	}
	f.ended(tb, requestID, task, "done", "")
}

// ranBeforeFreeze is for tasks that may run before the answer too.
func (f *function) ranBeforeFreeze(tb testing.TB, requestID, task string) {
	tb.Helper()
	if ran, frozen := f.one(tb, "ran", task, requestID).Time, f.at(tb, lambdatest.EventFreeze, requestID); ran.After(frozen) {
		tb.Errorf("task ran until %v, freeze %v", ran, frozen)
	}
	f.ended(tb, requestID, task, "done", "")
}
