// Program function is a Lambda function that is traced with OpenTelemetry: otellambda for the handler,
// offloadotel for the tasks, OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT.
package main

import (
	"context"
	"log"
	"os"

	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offloadotel"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/stream"
)

func main() {
	exporter, err := otlptracehttp.New(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter)) // every 5 s, or 512 spans
	otel.SetTracerProvider(tp)
	telemetry := offloadotel.New()

	// FLUSH is for the comparison; yours is the last case.
	switch flush := os.Getenv("FLUSH"); flush {
	case "never":
		offload.Start(otellambda.InstrumentHandler(order), offload.WithTelemetry(unflushed{telemetry}))
	case "handler":
		offload.Start(otellambda.InstrumentHandler(order, otellambda.WithFlusher(tp)), offload.WithTelemetry(unflushed{telemetry}))
	case "tail", "":
		offload.Start(otellambda.InstrumentHandler(order), offload.WithTelemetry(telemetry))
	default:
		log.Fatalf("FLUSH is %q; it is never, handler or tail", flush)
	}
}

// unflushed hides the method that has the providers flushed.
type unflushed struct{ offload.Tracer }
