// Program function is traced as a user's function is: otellambda for the handler, offloadotel for the
// tasks, a batch processor, and OTLP over HTTP to wherever OTEL_EXPORTER_OTLP_ENDPOINT says.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offloadotel"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/invoke"
	_ "github.com/go-offload/lambda/strategies/sqs"
	_ "github.com/go-offload/lambda/strategies/stream"
)

func main() {
	exporter, err := otlptracehttp.New(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	// What is exported by itself is exported by a timer; an hour leaves it to the flush alone.
	tp := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(time.Hour)),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", os.Getenv("AWS_LAMBDA_FUNCTION_NAME")))),
	)
	otel.SetTracerProvider(tp)
	otel.SetTextMapPropagator(propagation.TraceContext{})

	telemetry := offload.WithTelemetry(offloadotel.New())
	headers := otellambda.WithEventToCarrier(func(event []byte) propagation.TextMapCarrier {
		var request struct{ Headers map[string]string }
		_ = json.Unmarshal(event, &request)
		return propagation.MapCarrier(request.Headers)
	})
	switch start := os.Getenv("TRACE_START"); start {
	case "inside":
		offload.Start(otellambda.InstrumentHandler(handle, headers), telemetry)
	case "outside":
		wrapped, err := offload.Wrap(handle, telemetry)
		if err != nil {
			log.Fatal(err)
		}
		lambda.Start(otellambda.WrapHandler(lambda.NewHandler(wrapped), headers))
	case "no flush":
		offload.Start(otellambda.InstrumentHandler(handle, headers), offload.WithTelemetry(struct{ offload.Tracer }{offloadotel.New()}))
	default:
		log.Fatalf("TRACE_START is %q", start)
	}
}
