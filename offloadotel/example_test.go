package offloadotel_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offloadotel"
	"github.com/go-offload/lambda/strategies/stream"
)

func Example() {
	exporter := tracetest.NewInMemoryExporter() // otlptracehttp.New(ctx) in a function
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	defer func() { _ = provider.Shutdown(context.Background()) }()

	handler := func(ctx context.Context) (string, error) {
		return "thank you", offload.After(ctx, offload.Func("send-receipt", func(context.Context) error { return nil }))
	}
	// On Lambda: offload.Start(traced, telemetry), with the strategy linked by a blank import.
	traced := otellambda.InstrumentHandler(handler, otellambda.WithTracerProvider(provider))
	telemetry := offload.WithTelemetry(offloadotel.New(offloadotel.WithTracerProvider(provider)))
	wrapped, err := offload.Wrap(traced, telemetry, offload.WithStrategies(stream.New()))
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := lambda.NewHandler(wrapped).Invoke(context.Background(), []byte("{}"))
	fmt.Println(string(answer), err)
	for _, span := range exporter.GetSpans() { // exported, not only ended
		fmt.Printf("%q, %s\n", span.Name, span.SpanKind)
	}
	// Output:
	// "thank you" <nil>
	// "", server
	// "send-receipt", internal
}
