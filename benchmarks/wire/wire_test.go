package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/go-offload/lambda/benchmarks/workload"
)

func TestAnOrderHasTheSizeOfTheRequest(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{RequestBytes: 5000, Tasks: 3}
	b, err := NewOrder(w, 1, 2)
	if err != nil || len(b) != 5000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	var o Order
	if err := json.Unmarshal(b, &o); err != nil || o.Seq != 2 || o.Tasks != 3 {
		t.Errorf("%+v, %v", o, err)
	}
	w.RequestBytes = 0
	if b, err = NewOrder(w, 1, 2); err != nil || bytes.Contains(b, []byte("pad")) {
		t.Errorf("%s, %v", b, err)
	}
}

// Of 64 = 4³ requests 16 fail at first, 4 of them again, 1 of them for a third time,
// and none for a fourth.
func TestTheShareOfFailuresIsExact(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]int{1: 16, 2: 4, 3: 1, 4: 0} {
		n := 0
		for seq := range 64 {
			in := TaskInput{Seq: seq, FailOneIn: 4}
			if in.Fails(attempt) {
				n++
				if attempt > 1 && !in.Fails(attempt-1) {
					t.Errorf("attempt %d of request %d fails and the one before did not", attempt, seq)
				}
			}
		}
		if n != want {
			t.Errorf("%d of 64 fail at attempt %d, want %d", n, attempt, want)
		}
	}
	if in := (TaskInput{Seq: 3}); in.Fails(1) {
		t.Error("a task fails that has no order to")
	}
}

func TestAMarkSurvivesTheLog(t *testing.T) {
	t.Parallel()
	want := Mark{Kind: TaskMark, Round: 9, Seq: 4, RequestID: "r", StartNS: 1, EndNS: 2, ID: 3, Attempt: 1, Failed: true}
	var log bytes.Buffer
	want.Print(&log)
	got, ok, err := ParseMark(log.Bytes())
	if !ok || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, %v", got, ok, err)
	}
}

func TestOtherLinesAreNoMarks(t *testing.T) {
	t.Parallel()
	if _, ok, err := ParseMark([]byte("REPORT RequestId: x")); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	for _, line := range []string{prefix + "{", prefix + `{"speed":1}`, prefix + `{"seq":1}{}`} {
		if _, ok, err := ParseMark([]byte(line)); ok || err == nil {
			t.Errorf("%q is taken for a mark", line)
		}
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add([]byte(prefix + `{"kind":"task","round":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		m, ok, err := ParseMark(line)
		if ok && err != nil || !ok && !reflect.DeepEqual(m, Mark{}) {
			t.Errorf("%+v, %v, %v", m, ok, err)
		}
	})
}
