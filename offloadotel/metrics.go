package offloadotel

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/go-offload/lambda/offload"
)

// The attributes of our own.
const (
	keyTaskName = attribute.Key("offload.task.name")
	keyTaskID   = attribute.Key("offload.task.id")
	keyHops     = attribute.Key("offload.task.hops")
	keyAttempt  = attribute.Key("offload.task.attempt")
	keyOutcome  = attribute.Key("offload.task.outcome")
	keyStrategy = attribute.Key("offload.strategy")
	keyBackoff  = attribute.Key("offload.task.backoff")
)

// outcome is a terminal event as an attribute.
func outcome(k offload.EventKind) attribute.KeyValue {
	if k == offload.HandedOver {
		return keyOutcome.String("handed_over")
	}
	return keyOutcome.String(k.String())
}

// instruments are the metrics that the package documentation lists.
type instruments struct {
	accepted metric.Int64Counter
	retries  metric.Int64Counter
	ended    metric.Int64Counter
	wait     metric.Float64Histogram
	duration metric.Float64Histogram
	timeLeft metric.Float64Histogram

	points sync.Map // *options by point
	known  atomic.Int32
}

// newInstruments reports what a meter refuses to OpenTelemetry's error handler; the instrument does nothing then.
func newInstruments(m metric.Meter) *instruments {
	counter := func(name, unit, what string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
		if err != nil {
			otel.Handle(err)
		}
		return c
	}
	// From a task that is done at once to the longest timeout, 900 s; the SDK's own buckets are for milliseconds.
	buckets := metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
	seconds := func(name, what string) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), buckets)
		if err != nil {
			otel.Handle(err)
		}
		return h
	}
	return &instruments{
		accepted: counter("offload.task.accepted", "{task}", "Tasks that were accepted."),
		retries:  counter("offload.task.retries", "{retry}", "Attempts that failed and were followed by another one."),
		ended:    counter("offload.task.ended", "{task}", "Tasks that came to an end in this process, by outcome."),
		wait:     seconds("offload.task.wait", "Time from acceptance to the first attempt, in a queue too."),
		duration: seconds("offload.task.duration", "Time from the first attempt to the end."),
		timeLeft: seconds("offload.task.time_left", "Time from the end to the timeout of the function."),
	}
}

// point is what the attributes of a data point are made of.
type point struct {
	kind           offload.EventKind
	task, strategy string
}

// options are the attributes of a point, in the form in which they cost no allocation to use.
type options struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// maxPoints bounds how many are kept: the names of closures may differ from task to task.
const maxPoints = 1000

// of gives the options of an event's data points.
func (m *instruments) of(e *offload.Event) *options {
	p := point{e.Kind, e.Task.Name, e.Strategy}
	if known, ok := m.points.Load(p); ok {
		return known.(*options)
	}
	attrs := []attribute.KeyValue{keyTaskName.String(e.Task.Name)}
	if e.Kind != offload.Accepted {
		attrs = append(attrs, keyStrategy.String(e.Strategy))
	}
	if e.Kind.Terminal() {
		attrs = append(attrs, outcome(e.Kind))
	}
	set := metric.WithAttributeSet(attribute.NewSet(attrs...))
	made := &options{add: []metric.AddOption{set}, record: []metric.RecordOption{set}}
	if m.known.Add(1) <= maxPoints {
		m.points.Store(p, made)
	}
	return made
}

func (m *instruments) record(ctx context.Context, e *offload.Event) {
	switch {
	case e.Kind == offload.Accepted:
		m.accepted.Add(ctx, 1, m.of(e).add...)
	case e.Kind == offload.Retrying:
		m.retries.Add(ctx, 1, m.of(e).add...)
	case e.Kind.Terminal():
		of := m.of(e)
		m.ended.Add(ctx, 1, of.add...)
		m.wait.Record(ctx, e.Wait.Seconds(), of.record...)
		if e.Run > 0 {
			m.duration.Record(ctx, e.Run.Seconds(), of.record...)
		}
		if e.Left != 0 {
			m.timeLeft.Record(ctx, e.Left.Seconds(), of.record...)
		}
	}
}
