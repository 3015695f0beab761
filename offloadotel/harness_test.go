package offloadotel_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/offloadotel"
)

// stay runs tasks in its process.
type stay struct{}

func (stay) Name() string                           { return "stream" }
func (stay) Open(context.Context, driver.Env) error { return nil }
func (stay) Keep(tail driver.Tail)                  { tail.Run() }

// leave keeps what it is sent.
type leave struct {
	refuse error

	mu   sync.Mutex
	sent []driver.Message
}

func (*leave) Name() string                           { return "sqs" }
func (*leave) Open(context.Context, driver.Env) error { return nil }
func (*leave) Limits() driver.Limits                  { return driver.Limits{MessageBytes: 1 << 20, BatchEntries: 10} }

func (l *leave) Send(_ context.Context, batch []driver.Message) []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		errs := make([]error, len(batch))
		for i := range errs {
			errs[i] = l.refuse
		}
		return errs
	}
	l.sent = append(l.sent, batch...)
	return nil
}

func (l *leave) take() []driver.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent := l.sent
	l.sent = nil
	return sent
}

// lab is a wrapped handler whose telemetry is kept in memory.
type lab struct {
	handler  lambda.Handler
	provider *sdktrace.TracerProvider
	memory   *tracetest.InMemoryExporter // spans that were exported; they wait for a flush
	reader   *sdkmetric.ManualReader
}

func newLab(tb testing.TB, chain []driver.Strategy, handler any, opts ...offload.Option) *lab {
	tb.Helper()
	l := &lab{memory: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	l.provider = sdktrace.NewTracerProvider(sdktrace.WithBatcher(l.memory, sdktrace.WithBatchTimeout(1<<62)))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(l.reader))
	tb.Cleanup(func() {
		_ = l.provider.Shutdown(context.Background())
		_ = meters.Shutdown(context.Background())
	})
	wrapped, err := offload.Wrap(handler, append([]offload.Option{
		offload.WithStrategies(chain...),
		offload.WithLogger(slog.New(slog.DiscardHandler)),
		offload.WithTelemetry(offloadotel.New(offloadotel.WithTracerProvider(l.provider), offloadotel.WithMeterProvider(meters))),
	}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	l.handler = lambda.NewHandler(wrapped)
	return l
}

func (l *lab) call(ctx context.Context, event []byte) error {
	_, err := l.handler.Invoke(lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "request-1"}), event)
	return err
}

// span gives the only exported span of a name.
func (l *lab) span(t *testing.T, name string) tracetest.SpanStub {
	t.Helper()
	var found []tracetest.SpanStub
	var names []string
	for _, s := range l.memory.GetSpans() {
		names = append(names, s.Name)
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans %q among %q", len(found), name, names)
	}
	return found[0]
}

// inSpan gives a context with a span of the name, as an instrumented handler has one.
func (l *lab) inSpan(ctx context.Context, name string) (context.Context, trace.Span) {
	return l.provider.Tracer("test").Start(ctx, name)
}

func attr(s tracetest.SpanStub, key string) string {
	for _, a := range s.Attributes {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

func eventNames(s tracetest.SpanStub) []string {
	names := []string{}
	for _, e := range s.Events {
		names = append(names, e.Name)
	}
	return names
}

func childOf(t *testing.T, child, parent tracetest.SpanStub) {
	t.Helper()
	if child.Parent.SpanID() != parent.SpanContext.SpanID() || child.SpanContext.TraceID() != parent.SpanContext.TraceID() {
		t.Errorf("span %q is not a child of %q", child.Name, parent.Name)
	}
}

// metrics gives the sum or the count of each data point, by instrument and attributes.
func (l *lab) metrics(t *testing.T) map[string]int {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := l.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	points := map[string]int{}
	at := func(name string, set attribute.Set) string {
		return name + " " + set.Encoded(attribute.DefaultEncoder())
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					points[at(m.Name, p.Attributes)] = int(p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					points[at(m.Name, p.Attributes)] = int(p.Count)
				}
			}
		}
	}
	return points
}

var errTask = errors.New("the task failed")

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
