package lambdatest

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// The lists of "Success and failure conditions" in the Developer Guide.
func TestFailedItems(t *testing.T) {
	t.Parallel()
	b := &batch{messages: []batchMessage{{id: "1"}, {id: "2"}, {id: "3"}}}
	for _, tc := range []struct {
		name, response string
		want           []string
		failed         string // all: part of the reason
	}{
		{name: "no response", response: ""},
		{name: "only space", response: " \n"},
		{name: "null response", response: "null"},
		{name: "empty response", response: "{}"},
		{name: "null list", response: `{"batchItemFailures":null}`},
		{name: "empty list", response: `{"batchItemFailures":[]}`},
		{name: "no list of that name", response: `{"BatchItemFailures":[{"itemIdentifier":"1"}]}`},
		{name: "one", response: `{"batchItemFailures":[{"itemIdentifier":"2"}]}`, want: []string{"2"}},
		{name: "all", response: `{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"1"},{"itemIdentifier":"3"}]}`, want: []string{"1", "2", "3"}},
		{name: "one twice", response: `{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"2"}]}`, want: []string{"2"}},
		{name: "more members", response: `{"x":1,"batchItemFailures":[{"itemIdentifier":"2","why":"so"}]}`, want: []string{"2"}},

		{name: "not JSON", response: `{"batchItemFailures":[`, failed: "not a JSON object"},
		{name: "more than one document", response: `{} {}`, failed: "not a JSON object"},
		{name: "text", response: `"ok"`, failed: "not a JSON object"},
		{name: "a list", response: `[]`, failed: "not a JSON object"},
		{name: "list of the wrong type", response: `{"batchItemFailures":"1"}`, failed: "not a list of objects"},
		{name: "item of the wrong type", response: `{"batchItemFailures":["1"]}`, failed: "not a list of objects"},
		{name: "null item", response: `{"batchItemFailures":[null]}`, failed: "[0] has no itemIdentifier"},
		{name: "no identifier", response: `{"batchItemFailures":[{}]}`, failed: "[0] has no itemIdentifier"},
		{name: "wrong key", response: `{"batchItemFailures":[{"itemIdentifier":"1"},{"id":"2"}]}`, failed: "[1] has no itemIdentifier"},
		{name: "wrong case", response: `{"batchItemFailures":[{"ItemIdentifier":"1"}]}`, failed: "[0] has no itemIdentifier"},
		{name: "null identifier", response: `{"batchItemFailures":[{"itemIdentifier":null}]}`, failed: "is empty"},
		{name: "empty identifier", response: `{"batchItemFailures":[{"itemIdentifier":""}]}`, failed: "is empty"},
		{name: "number", response: `{"batchItemFailures":[{"itemIdentifier":1}]}`, failed: "is not a string"},
		{name: "unknown", response: `{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"4"}]}`, failed: `"4" is no message`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := failedItems([]byte(tc.response), b)
			if tc.failed != "" {
				if err == nil || !strings.Contains(err.Error(), tc.failed) {
					t.Errorf("%v and %v, want an error with %q", got, err, tc.failed)
				}
				return
			}
			if keys := slices.Sorted(maps.Keys(got)); err != nil || !slices.Equal(keys, tc.want) {
				t.Errorf("%v and %v, want %v", keys, err, tc.want)
			}
		})
	}
}

// What a malformed response does to the queue, and what a response does without ReportBatchItemFailures.
func TestBatchResponses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		report bool
		answer func(batch []events.SQSMessage) []byte
		left   []string
	}{
		"names one":         {true, func(b []events.SQSMessage) []byte { return report(named(b, "1")) }, []string{"1"}},
		"names nobody":      {true, func([]events.SQSMessage) []byte { return report() }, nil},
		"is malformed":      {true, func(b []events.SQSMessage) []byte { return report(named(b, "1"), "") }, []string{"0", "1", "2"}},
		"is not asked for":  {false, func(b []events.SQSMessage) []byte { return report(named(b, "1")) }, nil},
		"is no JSON at all": {false, func([]events.SQSMessage) []byte { return []byte("{") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bundle{
				mapping: QueueMapping{ReportBatchItemFailures: tc.report},
				run:     func(_ *bench, batch []events.SQSMessage) ([]byte, error) { return tc.answer(batch), nil },
			}.bubble(t, func(b *bench) {
				b.send(numbered(3)...)
				b.sleep(time.Second)
				var left []string
				for _, m := range b.queue.Snapshot().Messages {
					left = append(left, m.Body)
				}
				if !slices.Equal(left, tc.left) {
					b.Errorf("%v are left, want %v", left, tc.left)
				}
				end := b.recorded(EventBatchEnd)
				if len(end) != 1 || len(end[0].Batch.Failed) != len(tc.left) || len(end[0].Batch.Messages) != 3-len(tc.left) {
					b.Errorf("journal: %+v", end)
				}
				if malformed := len(tc.left) == 3; malformed != (end[0].Message != "") {
					b.Errorf("journal says %q", end[0].Message)
				}
				b.drained() // the rest goes to the dead-letter queue
				if n := b.dead.Counts().Total(); n != len(tc.left) {
					b.Errorf("%d dead, want %d", n, len(tc.left))
				}
			})
		})
	}
}

// named returns the ID of the message with a body, or that of the first.
func named(batch []events.SQSMessage, body string) string {
	i := slices.IndexFunc(batch, func(m events.SQSMessage) bool { return m.Body == body })
	return batch[max(0, i)].MessageId
}

func FuzzFailedItems(f *testing.F) {
	for _, seed := range []string{"", "null", `{"batchItemFailures":[{"itemIdentifier":"1"}]}`, `{"batchItemFailures":[{"itemIdentifier":null}]}`, `[]`, `{"batchItemFailures":{}}`} {
		f.Add([]byte(seed))
	}
	b := &batch{messages: []batchMessage{{id: "1"}, {id: "2"}}}
	f.Fuzz(func(t *testing.T, response []byte) {
		failed, err := failedItems(response, b)
		if err != nil && failed != nil {
			t.Errorf("%v and %v", failed, err)
		}
		for id := range failed {
			if id != "1" && id != "2" {
				t.Errorf("%q failed, which is no message", id)
			}
		}
	})
}
