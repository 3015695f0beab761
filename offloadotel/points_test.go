package offloadotel

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/go-offload/lambda/offload"
)

// Attributes are kept for the names of tasks that come again, not for all that there ever were.
func TestPointsAreBounded(t *testing.T) {
	t.Parallel()
	m := newInstruments(noop.NewMeterProvider().Meter("test"))
	for i := range 2 * maxPoints {
		m.record(t.Context(), &offload.Event{Kind: offload.Done, Task: offload.TaskInfo{Name: fmt.Sprint("task-", i)}})
	}
	n := 0
	m.points.Range(func(any, any) bool { n++; return true })
	if n != maxPoints {
		t.Errorf("%d are kept, want %d", n, maxPoints)
	}
}
