package offloadotel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/go-offload/lambda/offload"
)

// strategySQS is the name of the strategy to which the messaging conventions apply.
const strategySQS = "sqs"

// traceContext puts W3C trace context into envelopes.
var traceContext propagation.TraceContext

const headerTraceParent = "traceparent"

// stateKey finds the state of a task, or that of the task which deferred it.
type stateKey struct{}

// state is what is known of a task's span. It is not changed once it is in a context.
type state struct {
	id       string
	accepted time.Time
	span     trace.Span
	arrived  bool // brought by an envelope, and without a span yet
	sending  bool // the span is that of the producer
}

// stateOf gives the state of this very task: values are inherited by nested tasks.
func stateOf(ctx context.Context, task offload.TaskInfo) (st *state, own bool) {
	st, _ = ctx.Value(stateKey{}).(*state)
	return st, st != nil && st.span != nil && st.id == task.ID && st.accepted.Equal(task.Accepted)
}

// TaskArrives implements [offload.Tracer].
func (t *Telemetry) TaskArrives(ctx context.Context, traceParent string) context.Context {
	if traceParent != "" {
		ctx = traceContext.Extract(ctx, propagation.MapCarrier{headerTraceParent: traceParent})
	}
	return context.WithValue(ctx, stateKey{}, &state{arrived: true})
}

// TaskStarts implements [offload.Tracer].
func (t *Telemetry) TaskStarts(ctx context.Context, task offload.TaskInfo, strategy string) context.Context {
	st, own := stateOf(ctx, task)
	if own && st.sending {
		// Nobody took it, so it runs here: below the attempt to send it.
		st.span.SetStatus(codes.Error, "not sent")
		st.span.End()
	}
	if st != nil && st.arrived {
		return t.start(ctx, task, strategy, "process "+task.Name, trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(messaging(strategy, task, semconv.MessagingOperationTypeProcess, "process")...))
	}
	return t.start(ctx, task, strategy, task.Name)
}

// TaskLeaves implements [offload.Tracer].
func (t *Telemetry) TaskLeaves(ctx context.Context, task offload.TaskInfo, strategy string) (context.Context, string) {
	if st, own := stateOf(ctx, task); own {
		st.span.SetAttributes(keyStrategy.String(strategy))
	} else {
		ctx = t.start(ctx, task, strategy, "send "+task.Name, trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(task.Accepted),
			trace.WithAttributes(messaging(strategy, task, semconv.MessagingOperationTypeSend, "send")...))
		st, _ := stateOf(ctx, task)
		st.sending = true // before anybody else can see it
	}
	carrier := propagation.MapCarrier{}
	traceContext.Inject(ctx, carrier)
	return ctx, carrier[headerTraceParent]
}

// start starts a span of the task.
func (t *Telemetry) start(ctx context.Context, task offload.TaskInfo, strategy, name string, opts ...trace.SpanStartOption) context.Context {
	attrs := make([]attribute.KeyValue, 0, 5)
	attrs = append(attrs, keyTaskName.String(task.Name), keyTaskID.String(task.ID), keyStrategy.String(strategy))
	if task.RequestID != "" {
		attrs = append(attrs, semconv.FaaSInvocationID(task.RequestID))
	}
	if task.Hops > 0 {
		attrs = append(attrs, keyHops.Int(task.Hops))
	}
	ctx, span := t.tracer.Start(ctx, name, append(opts, trace.WithAttributes(attrs...))...)
	return context.WithValue(ctx, stateKey{}, &state{id: task.ID, accepted: task.Accepted, span: span})
}

// messaging gives the attributes of the messaging conventions, for SQS.
func messaging(strategy string, task offload.TaskInfo, operation attribute.KeyValue, name string) []attribute.KeyValue {
	if strategy != strategySQS {
		return nil
	}
	return []attribute.KeyValue{semconv.MessagingSystemAWSSQS, operation, semconv.MessagingOperationName(name), semconv.MessagingMessageID(task.ID)}
}

// annotate puts an event into the task's span, and ends it with the terminal one.
func (t *Telemetry) annotate(ctx context.Context, e offload.Event) {
	if e.Kind == offload.Accepted {
		return
	}
	st, own := stateOf(ctx, e.Task)
	if !own {
		if e.Kind != offload.Failed && e.Kind != offload.Dropped {
			return
		}
		ctx = t.start(ctx, e.Task, e.Strategy, e.Task.Name, trace.WithTimestamp(e.Task.Accepted)) // it never started
		st, _ = stateOf(ctx, e.Task)
	}
	switch {
	case e.Kind == offload.Started:
		st.span.AddEvent("attempt", trace.WithTimestamp(e.Time), trace.WithAttributes(keyAttempt.Int(e.Task.Attempt)))
	case e.Kind == offload.Retrying:
		st.span.RecordError(e.Err, trace.WithTimestamp(e.Time), trace.WithAttributes(
			keyAttempt.Int(e.Task.Attempt), keyBackoff.Float64(e.Backoff.Seconds())))
	case e.Kind.Terminal():
		end(st.span, e)
	}
}

func end(span trace.Span, e offload.Event) {
	span.SetAttributes(outcome(e.Kind))
	if e.Err != nil {
		span.RecordError(e.Err, trace.WithTimestamp(e.Time))
	}
	if e.Kind == offload.Failed || e.Kind == offload.Dropped {
		message := e.Kind.String()
		if e.Err != nil {
			message = e.Err.Error()
			span.SetAttributes(semconv.ErrorType(e.Err))
		}
		span.SetStatus(codes.Error, message)
	}
	span.End(trace.WithTimestamp(e.Time))
}
