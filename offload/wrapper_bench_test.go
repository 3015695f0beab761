package offload_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/strategies/stream"
)

// BenchmarkWrapper is a handler that defers nothing, as aws-lambda-go calls it: decoding the event and
// encoding the result included, HTTP not.
func BenchmarkWrapper(b *testing.B) {
	type event struct {
		Name string `json:"name"`
	}
	handle := func(_ context.Context, in event) (event, error) { return in, nil }
	wrapped, err := offload.Wrap(handle, offload.WithStrategies(stream.New()))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(b.Context(), time.Now().Add(time.Hour))
	defer cancel()
	payload := []byte(`{"name":"Ada"}`)
	for _, c := range []struct {
		name    string
		handler lambda.Handler
	}{{"bare", lambda.NewHandler(handle)}, {"offload", lambda.NewHandler(wrapped)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				out, err := c.handler.Invoke(ctx, payload)
				if err != nil || string(out) != string(payload) {
					b.Fatal(string(out), err)
				}
			}
		})
	}
}
