package offloadotel_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offloadotel"
)

// metricSink counts the exports that have data.
type metricSink struct{ exports atomic.Int32 }

func (*metricSink) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality {
	return metricdata.DeltaTemporality
}

func (*metricSink) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}
func (*metricSink) ForceFlush(context.Context) error { return nil }
func (*metricSink) Shutdown(context.Context) error   { return nil }
func (s *metricSink) Export(_ context.Context, m *metricdata.ResourceMetrics) error {
	if len(m.ScopeMetrics) > 0 {
		s.exports.Add(1)
	}
	return nil
}

// Metrics that a periodic reader would send in a minute are with the exporter at the end of the invocation.
func TestMetricsLeaveBeforeTheFreeze(t *testing.T) {
	t.Parallel()
	sink := &metricSink{}
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(sink, sdkmetric.WithInterval(time.Hour))))
	t.Cleanup(func() { _ = meters.Shutdown(context.Background()) })
	wrapped, err := offload.Wrap(func(ctx context.Context) error {
		return offload.After(ctx, offload.Func("task", func(context.Context) error { return nil }))
	}, offload.WithStrategies(stay{}), offload.WithLogger(slog.New(slog.DiscardHandler)),
		offload.WithTelemetry(offloadotel.New(offloadotel.WithTracerProvider(tracenoop.NewTracerProvider()), offloadotel.WithMeterProvider(meters))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lambda.NewHandler(wrapped).Invoke(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if n := sink.exports.Load(); n != 1 {
		t.Errorf("%d exports, want 1", n)
	}
}
