package offloadotel

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/go-offload/lambda/offload"
)

// ScopeName is the name of the instrumentation scope of spans and metrics.
const ScopeName = "github.com/go-offload/lambda/offloadotel"

// Telemetry records tasks as spans and metrics. Pass it to [offload.WithTelemetry]; its methods are for package
// offload to call. It is safe for concurrent use, and belongs to one call of offload.Start.
type Telemetry struct {
	tracing trace.TracerProvider
	meters  metric.MeterProvider
	tracer  trace.Tracer
	metrics *instruments
	overlap bool // invocations overlap and nothing is frozen
}

// Option configures [New].
type Option func(*Telemetry)

// WithTracerProvider sets where spans go. The default is otel.GetTracerProvider().
func WithTracerProvider(tp trace.TracerProvider) Option {
	return func(t *Telemetry) { t.tracing = tp }
}

// WithMeterProvider sets where metrics go. The default is otel.GetMeterProvider().
func WithMeterProvider(mp metric.MeterProvider) Option {
	return func(t *Telemetry) { t.meters = mp }
}

// New makes the telemetry of a function. Set the global providers before, or pass them here: only then can they be
// flushed.
func New(opts ...Option) *Telemetry {
	t := &Telemetry{overlap: lambdacontext.MaxConcurrency() > 1}
	for _, o := range opts {
		o(t)
	}
	if t.tracing == nil {
		t.tracing = otel.GetTracerProvider()
	}
	if t.meters == nil {
		t.meters = otel.GetMeterProvider()
	}
	t.tracer = t.tracing.Tracer(ScopeName)
	t.metrics = newInstruments(t.meters.Meter(ScopeName))
	return t
}

// Flush implements [offload.Flusher]: it exports what both providers still hold, if they can
// (those of the OpenTelemetry SDK have a method ForceFlush).
func (t *Telemetry) Flush(ctx context.Context) error {
	if _, invocation := lambdacontext.FromContext(ctx); invocation && t.overlap {
		return nil
	}
	var all sync.WaitGroup
	var errs [2]error
	for i, provider := range [...]any{t.tracing, t.meters} {
		if f, ok := provider.(interface{ ForceFlush(context.Context) error }); ok {
			all.Go(func() { errs[i] = f.ForceFlush(ctx) })
		}
	}
	all.Wait()
	return errors.Join(errs[:]...)
}

// Observe implements [offload.Observer].
func (t *Telemetry) Observe(ctx context.Context, e offload.Event) {
	t.metrics.record(ctx, &e)
	t.annotate(ctx, e)
}

var (
	_ offload.Tracer  = (*Telemetry)(nil)
	_ offload.Flusher = (*Telemetry)(nil)
)
