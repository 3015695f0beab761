package offloadotel_test

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloademf"
	"github.com/go-offload/lambda/offloadotel"
	"github.com/go-offload/lambda/strategies/stream"
)

// drop is an exporter that succeeds at once.
type drop struct{}

func (drop) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (drop) Shutdown(context.Context) error                             { return nil }

// BenchmarkObservability is one invocation with n tasks that do nothing, from the handler to the end of its tail, with
// one kind of observability after the other. Exporters and writers take everything at once, so what is measured
// is the cost beside the network.
func BenchmarkObservability(b *testing.B) {
	emf := func(b *testing.B) offload.Option {
		b.Helper()
		m, err := offloademf.New(&offloademf.Options{Writer: io.Discard})
		if err != nil {
			b.Fatal(err)
		}
		return offload.WithTelemetry(m)
	}
	traced := func(b *testing.B, sampler sdktrace.Sampler) offload.Option {
		b.Helper()
		tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(drop{}), sdktrace.WithSampler(sampler))
		mp := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
		b.Cleanup(func() {
			_ = tp.Shutdown(context.Background())
			_ = mp.Shutdown(context.Background())
		})
		return offload.WithTelemetry(offloadotel.New(offloadotel.WithTracerProvider(tp), offloadotel.WithMeterProvider(mp)))
	}
	for _, c := range []struct {
		name   string
		option func(b *testing.B) offload.Option
	}{
		{"off", func(*testing.B) offload.Option { return offload.WithTelemetry() }},
		{"slog-debug", func(*testing.B) offload.Option {
			return offload.WithObserver(offload.LogObserver(slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		}},
		{"emf", emf},
		{"otel-unsampled", func(b *testing.B) offload.Option { b.Helper(); return traced(b, sdktrace.NeverSample()) }},
		{"otel", func(b *testing.B) offload.Option { b.Helper(); return traced(b, sdktrace.AlwaysSample()) }},
	} {
		for _, n := range []int{0, 1, 10, 100} {
			b.Run(c.name+"/"+strconv.Itoa(n), func(b *testing.B) {
				call := invocations(b, n, c.option(b))
				ctx, cancel := context.WithTimeout(lambdacontext.NewContext(b.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"}), time.Hour)
				defer cancel()
				b.ReportAllocs()
				for b.Loop() {
					call(ctx)
				}
			})
		}
	}
}

// invocations gives one invocation, as aws-lambda-go makes it: call the handler, read its response and close it.
func invocations(b *testing.B, tasks int, option offload.Option) func(context.Context) {
	b.Helper()
	wrapped, err := offload.Wrap(func(ctx context.Context) error {
		for range tasks {
			if err := offload.After(ctx, offload.Func("nothing", func(context.Context) error { return nil })); err != nil {
				return err
			}
		}
		return nil
	}, offload.WithStrategies(stream.New()), option)
	if err != nil {
		b.Fatal(err)
	}
	handler := reflect.ValueOf(wrapped)
	return func(ctx context.Context) {
		out := handler.Call([]reflect.Value{reflect.ValueOf(ctx)})
		if err, failed := out[1].Interface().(error); failed {
			b.Fatal(err)
		}
		response := out[0].Interface().(io.ReadCloser)
		if _, err := io.Copy(io.Discard, response); err != nil {
			b.Fatal(err)
		}
		if err := response.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
