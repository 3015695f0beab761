package offload_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload"
)

// rawHandler gets events undecoded.
type rawHandler func(event []byte)

func (h rawHandler) Invoke(_ context.Context, event []byte) ([]byte, error) {
	h(event)
	return []byte("null"), nil
}

// foreignEvents are no tasks, although some look like it.
func foreignEvents(tb testing.TB) map[string]string {
	tb.Helper()
	good := string(envelope(tb, "worker-test", "a", "{}"))
	quoted := string(sqsEvent(false, message{id: "m", body: good}))
	return map[string]string{
		"null":                  `null`,
		"number":                `1`,
		"empty object":          `{}`,
		"white space":           " {\n\t\"a\" : 1 } ",
		"no records":            `{"Records":[]}`,
		"null records":          `{"Records":null}`,
		"null record":           `{"Records":[null]}`,
		"other messages":        string(sqsEvent(false, message{id: "m", body: "hello"}, message{id: "n", body: `{"specversion":"1.0"}`})),
		"other messages, FIFO":  string(sqsEvent(true, message{id: "m", body: "hello", group: "g"})),
		"an envelope, quoted":   string(sqsEvent(false, message{id: "m", body: `{"body":` + good + `}`})),
		"other CloudEvent":      `{"specversion":"1.0","id":"1","source":"urn:x","type":"t","data":{"offloadversion":1}}`,
		"in an HTTP body":       fmt.Sprintf(`{"version":"2.0","body":%q}`, good),
		"in a member":           `{"event":` + good + `}`,
		"in an array":           `[` + good + `]`,
		"of SNS":                strings.ReplaceAll(quoted, "aws:sqs", "aws:sns"),
		"without messageId":     strings.ReplaceAll(quoted, "messageId", "messageID2"),
		"of several services":   `{"Records":[{"eventSource":"aws:s3"},` + strings.TrimPrefix(quoted, `{"Records":[`),
		"records in second":     `{"a":1,` + quoted[1:],
		"records of other type": `{"Records":[{"eventSource":"aws:sqs","messageId":1,"body":"offloadversion"}]}`,
	}
}

func TestForeignEventsReachTheHandler(t *testing.T) {
	t.Parallel()
	var got []string
	f := wrap(t, &post{}, rawHandler(func(event []byte) { got = append(got, string(event)) }))
	for name, event := range foreignEvents(t) {
		got = nil
		out, err := f.call(t.Context(), []byte(event))
		if err != nil || out != "null" {
			t.Errorf("%s: %s, %v", name, out, err)
		}
		if want := strings.TrimSpace(event); len(got) != 1 || got[0] != want { // aws-lambda-go trims
			t.Errorf("%s: the handler got %q\nwant %q", name, got, want)
		}
	}
}

// The same events reach the handler of a function that runs no tasks, and so do tasks.
func TestEnvelopesReachAHandlerWithoutSender(t *testing.T) {
	t.Parallel()
	event := string(envelope(t, "worker-test", "a", "{}"))
	got := ""
	f := wrapStrategy(t, &keeper{}, rawHandler(func(event []byte) { got = string(event) }))
	if _, err := f.call(t.Context(), []byte(event)); err != nil || got != event {
		t.Errorf("%q, %v", got, err)
	}
}

// Events that bring tasks are told from others without being parsed.
func BenchmarkDispatchForeign(b *testing.B) {
	large := strings.Repeat("x", 6<<20-1000)
	for name, event := range map[string][]byte{
		"http":    []byte(`{"version":"2.0","body":"` + large + `"}`),
		"kinesis": []byte(`{"Records":[{"eventSource":"aws:kinesis","kinesis":{"data":"` + large + `"}}]}`),
	} {
		b.Run(name, func(b *testing.B) {
			looks := offload.LooksForTasks(b)
			b.ReportAllocs()
			for b.Loop() {
				if looks(event) {
					b.Fatal("taken for a task")
				}
			}
		})
	}
}
