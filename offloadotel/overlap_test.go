package offloadotel

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

type flushed struct {
	tracenoop.TracerProvider
	calls int
}

var errExport = errors.New("the collector is down")

func (f *flushed) ForceFlush(context.Context) error { f.calls++; return errExport }

// An invocation that overlaps with others is not the time to flush; SIGTERM is.
func TestFlushWhereInvocationsOverlap(t *testing.T) {
	t.Parallel()
	invocation := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{})
	for overlap, want := range map[bool]int{true: 1, false: 2} {
		provider := &flushed{}
		tel := New(WithTracerProvider(provider), WithMeterProvider(metricnoop.MeterProvider{}))
		tel.overlap = overlap
		if err := tel.Flush(invocation); errors.Is(err, errExport) == overlap {
			t.Errorf("overlap %v: %v", overlap, err)
		}
		if err := tel.Flush(t.Context()); !errors.Is(err, errExport) {
			t.Errorf("overlap %v: %v", overlap, err)
		}
		if provider.calls != want {
			t.Errorf("overlap %v: %d calls, want %d", overlap, provider.calls, want)
		}
	}
}
