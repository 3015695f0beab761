package lambdatest

import (
	"context"
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// BenchmarkMapping is the way of ten messages through a queue, a mapping and a function that does nothing: four requests to
// the endpoint at least, over a socket.
func BenchmarkMapping(b *testing.B) {
	srv := sqstest.Start(b, nil)
	url, err := srv.CreateQueue("orders", nil)
	if err != nil {
		b.Fatal(err)
	}
	run := func(context.Context, string, []byte) ([]byte, error) { return nil, nil }
	esm, err := newEventSourceMapping(b.Context(), QueueMapping{QueueURL: url}, defaultTimeout, run, func(Event) {})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(esm.Close)
	if err := esm.Enable(); err != nil {
		b.Fatal(err)
	}
	entries := text(strings.Split("0123456789", "")...)
	for i := range entries {
		entries[i].ID = entries[i].MessageBody
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := esm.api.call(b.Context(), "SendMessageBatch", 0, map[string]any{"QueueUrl": url, "Entries": entries}, nil); err != nil {
			b.Fatal(err)
		}
		if err := esm.WaitDrained(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
