package offload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// fuzzed runs when an envelope of the fuzz test gets through. Its input says whether it fails.
var (
	fuzzed    *offload.Definition[fuzzedInput]
	fuzzedRan []string // IDs; a fuzz worker runs one input at a time
)

type fuzzedInput struct{ Fail, Panic bool }

func init() {
	fuzzed = offload.Define("dispatch-fuzz-test", func(ctx context.Context, in fuzzedInput) error {
		info, _ := offload.TaskFromContext(ctx)
		fuzzedRan = append(fuzzedRan, info.ID)
		switch {
		case in.Panic:
			panic("as it was asked to")
		case in.Fail:
			return errWork
		}
		return nil
	})
}

// FuzzDispatch: no event panics or hangs. An envelope runs its task or is an error; of an SQS
// event each record is run, given to the handler as it came, or reported as failed; every
// other event reaches the handler byte for byte.
func FuzzDispatch(f *testing.F) {
	for _, event := range foreignEvents(f) {
		f.Add([]byte(event))
	}
	for _, data := range []string{`{}`, `{"Fail":true}`, `{"Panic":true}`, `[1]`, `null`} {
		body := string(envelope(f, fuzzed.Name(), "a", data))
		f.Add([]byte(body))
		f.Add(sqsEvent(false, message{id: "m", body: body}, message{id: "n", body: "x"}, message{id: "m", body: body}))
		f.Add(sqsEvent(true, message{id: "m", body: body, group: "g"}, message{id: "n", body: "x", group: "g"}, message{id: "o", body: body, group: "h"}))
	}
	unknown := string(envelope(f, "nobody-knows", "a", `{"a":[1]}`))
	f.Add([]byte(unknown))
	f.Add(sqsEvent(false, message{id: "m", body: unknown, receives: 7}))
	f.Add(envelope(f, fuzzed.Name(), "a", "{}", dueIn(time.Hour)))
	f.Add([]byte(strings.Replace(unknown, `"offloadversion":1`, `"offloadversion":9`, 1)))

	dispatched := offload.Dispatcher(f, offload.WithStrategies(&shelf{}), offload.WithConcurrency(1), offload.WithLogger(slog.New(slog.DiscardHandler)))
	f.Fuzz(func(t *testing.T, event []byte) {
		fuzzedRan = nil
		var handled [][]byte
		original := bytes.Clone(event)
		result, err := dispatched(event, func(event []byte) { handled = append(handled, bytes.Clone(event)) })
		if !bytes.Equal(event, original) {
			t.Error("the event was changed")
		}
		switch {
		case driver.Sniff(event):
			checkEnvelope(t, event, handled, err)
		case len(handled) == 1 && bytes.Equal(handled[0], event):
			if len(fuzzedRan) > 0 {
				t.Errorf("the handler got the event, and %v ran", fuzzedRan)
			}
		case err != nil:
			t.Errorf("the error of a batch: %v", err)
		default:
			checkBatch(t, event, handled, result)
		}
	})
}

func checkEnvelope(t *testing.T, event []byte, handled [][]byte, err error) {
	t.Helper()
	if len(handled) > 0 {
		t.Errorf("the handler got an envelope: %s", handled)
	}
	e, refused := driver.Decode(event)
	switch {
	case refused != nil && err == nil:
		t.Errorf("acknowledged although it does not decode: %v", refused)
	case len(fuzzedRan) > 1 || len(fuzzedRan) == 1 && (refused != nil || fuzzedRan[0] != e.ID):
		t.Errorf("ran %v for %s, which decodes with %v", fuzzedRan, event, refused)
	case err == nil && len(fuzzedRan) == 0:
		t.Errorf("acknowledged, and nothing ran: %s", event)
	}
}

// checkBatch holds the answer against the event as encoding/json reads it.
func checkBatch(t *testing.T, event []byte, handled [][]byte, result any) {
	t.Helper()
	type record struct {
		MessageID string
		Body      string
	}
	type batch struct{ Records []record }
	var in batch
	if err := json.Unmarshal(event, &in); err != nil {
		t.Fatalf("a batch that is no JSON: %v", err)
	}
	answer, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err := json.Unmarshal(answer, &out); err != nil || out.BatchItemFailures == nil {
		t.Fatalf("answered %s: %v", answer, err)
	}
	var foreign []record
	for _, event := range handled {
		var part batch
		if err := json.Unmarshal(event, &part); err != nil {
			t.Fatalf("the handler got %s: %v", event, err)
		}
		foreign = append(foreign, part.Records...)
	}

	failed := map[string]bool{}
	for _, f := range out.BatchItemFailures {
		if failed[f.ItemIdentifier] {
			t.Errorf("%q is reported twice", f.ItemIdentifier)
		}
		failed[f.ItemIdentifier] = true
	}
	known := map[string]bool{}
	for _, r := range in.Records {
		known[r.MessageID] = true
		switch {
		case !driver.Sniff([]byte(r.Body)):
			if !slices.Contains(foreign, r) && !failed[r.MessageID] {
				t.Errorf("message %q is neither the handler's nor failed", r.MessageID)
			}
		case slices.Contains(foreign, r):
			t.Errorf("the handler got the envelope in %q", r.MessageID)
		default:
			e, err := driver.Decode([]byte(r.Body))
			if ran := err == nil && slices.Contains(fuzzedRan, e.ID); !ran && !failed[r.MessageID] {
				t.Errorf("the envelope in %q has not run and is acknowledged: %v", r.MessageID, err)
			}
		}
	}
	for id := range maps.Keys(failed) {
		if !known[id] {
			t.Errorf("%q is reported, and not in the event", id)
		}
	}
}
