package offloadotel_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

type order struct{ ID string }

var receipt *offload.Definition[order]

func init() {
	receipt = offload.Define("receipt", func(ctx context.Context, o order) error {
		if o.ID == "bad" {
			return errTask
		}
		if o.ID == "nest" {
			return offload.After(ctx, receipt.With(order{"nested"}))
		}
		return nil
	})
}

// tried gives a handler in a span, that defers one task.
func tried(l **lab, task offload.Task, opts ...offload.AfterOption) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, span := (*l).inSpan(ctx, "handler")
		defer span.End()
		return offload.After(ctx, task, opts...)
	}
}

func TestSpanOfATaskThatRunsHere(t *testing.T) {
	t.Parallel()
	var l *lab
	task := offload.Func("resize", func(ctx context.Context) error {
		_, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("user").Start(ctx, "inside")
		span.End()
		return offload.After(ctx, offload.Func("nested", func(context.Context) error { return nil }))
	})
	l = newLab(t, []driver.Strategy{stay{}}, tried(&l, task, offload.ID("id-1")))
	if err := l.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	handler, span := l.span(t, "handler"), l.span(t, "resize")
	childOf(t, span, handler)
	childOf(t, l.span(t, "inside"), span)
	childOf(t, l.span(t, "nested"), span)
	if span.SpanKind != trace.SpanKindInternal || span.Status.Code != codes.Unset {
		t.Errorf("%v, %v", span.SpanKind, span.Status)
	}
	for key, want := range map[string]string{
		"offload.task.name": "resize", "offload.task.id": "id-1", "offload.task.outcome": "done", "offload.strategy": "stream",
		"faas.invocation_id": "request-1", "messaging.system": "", "offload.task.hops": "",
	} {
		if got := attr(span, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	equal(t, "events", eventNames(span), []string{"attempt"})
}

func TestSpanOfAFailure(t *testing.T) {
	t.Parallel()
	var l *lab
	tries := 0
	task := offload.Func("flaky", func(context.Context) error {
		if tries++; tries == 3 {
			return backoff.Permanent(errTask)
		}
		return errTask
	})
	l = newLab(t, []driver.Strategy{stay{}}, tried(&l, task, offload.MaxAttempts(5), offload.Backoff(time.Millisecond, time.Millisecond)))
	if err := l.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	span := l.span(t, "flaky")
	if span.Status.Code != codes.Error || !strings.Contains(span.Status.Description, errTask.Error()) || attr(span, "offload.task.outcome") != "failed" || attr(span, "error.type") == "" {
		t.Errorf("%v, %v", span.Status, span.Attributes)
	}
	equal(t, "events", eventNames(span), []string{"attempt", "exception", "attempt", "exception", "attempt", "exception"})
}

// A task that never gets its turn is in the trace too.
func TestSpanOfATaskThatDidNotStart(t *testing.T) {
	t.Parallel()
	var l *lab
	l = newLab(t, []driver.Strategy{stay{}}, func(ctx context.Context) error {
		ctx, span := l.inSpan(ctx, "handler")
		defer span.End()
		if err := offload.After(ctx, offload.Func("unwanted", func(context.Context) error { return nil }), offload.OnlyOnSuccess()); err != nil {
			return err
		}
		return errTask
	})
	if err := l.call(t.Context(), []byte("{}")); err == nil {
		t.Fatal("the handler's error is gone")
	}
	span, handler := l.span(t, "unwanted"), l.span(t, "handler")
	childOf(t, span, handler)
	if span.StartTime.After(handler.EndTime) {
		t.Errorf("it begins at %v, and was accepted before %v", span.StartTime, handler.EndTime)
	}
	if span.Status.Code != codes.Error || attr(span, "offload.task.outcome") != "dropped" || len(span.Events) != 1 {
		t.Errorf("%v, %v, %v", span.Status, span.Attributes, span.Events)
	}
}

// From the handler through the queue to the worker, and on from there, it is one trace.
func TestTraceAcrossAQueue(t *testing.T) {
	t.Parallel()
	var l *lab
	queue := &leave{}
	l = newLab(t, []driver.Strategy{queue}, tried(&l, receipt.With(order{"nest"}), offload.ID("id-1")))
	if err := l.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	sent := queue.take()
	if len(sent) != 1 {
		t.Fatalf("sent %v", sent)
	}
	handler, producer := l.span(t, "handler"), l.span(t, "send receipt")
	l.memory.Reset()
	if err := l.call(t.Context(), sent[0].Body); err != nil {
		t.Fatal(err)
	}
	worker, next := l.span(t, "process receipt"), l.span(t, "send receipt")
	childOf(t, producer, handler)
	childOf(t, worker, producer)
	childOf(t, next, worker)
	if producer.SpanKind != trace.SpanKindProducer || worker.SpanKind != trace.SpanKindConsumer || !worker.Parent.IsRemote() {
		t.Errorf("%v, %v, remote %v", producer.SpanKind, worker.SpanKind, worker.Parent.IsRemote())
	}
	for key, want := range map[string]string{
		"messaging.system": "aws_sqs", "messaging.operation.name": "send", "messaging.operation.type": "send", "messaging.message.id": "id-1",
		"offload.task.outcome": "handed_over", "offload.strategy": "sqs",
	} {
		if got := attr(producer, key); got != want {
			t.Errorf("producer: %s is %q, want %q", key, got, want)
		}
	}
	// The envelope came as an invocation's payload.
	for key, want := range map[string]string{"messaging.system": "", "offload.strategy": "invoke", "offload.task.outcome": "done", "offload.task.hops": "1"} {
		if got := attr(worker, key); got != want {
			t.Errorf("worker: %s is %q, want %q", key, got, want)
		}
	}
	if next.SpanContext.TraceID() != handler.SpanContext.TraceID() {
		t.Error("the chain of workers is another trace")
	}
}

// A task that was tried here goes on below the span of its attempts.
func TestTraceOfASpill(t *testing.T) {
	t.Parallel()
	var l *lab
	queue := &leave{}
	l = newLab(t, []driver.Strategy{stay{}, queue}, tried(&l, receipt.With(order{"bad"}), offload.MaxAttempts(1)))
	if err := l.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	tried := l.span(t, "receipt")
	if attr(tried, "offload.task.outcome") != "handed_over" || attr(tried, "offload.strategy") != "sqs" || tried.Status.Code != codes.Unset {
		t.Errorf("%v, %v", tried.Status, tried.Attributes)
	}
	sent := queue.take()
	if err := l.call(t.Context(), sent[0].Body); err == nil {
		t.Fatal("the worker's task did not fail")
	}
	childOf(t, l.span(t, "process receipt"), tried)
}

// A queue that is down leaves a failed producer span, and the task's own below it.
func TestTraceOfATaskThatComesBack(t *testing.T) {
	t.Parallel()
	var l *lab
	queue := &leave{refuse: backoff.Permanent(errTask)}
	l = newLab(t, []driver.Strategy{queue, stay{}}, tried(&l, receipt.With(order{"good"})))
	if err := l.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	producer, here := l.span(t, "send receipt"), l.span(t, "receipt")
	childOf(t, here, producer)
	if producer.Status.Code != codes.Error || here.Status.Code != codes.Unset || attr(here, "offload.task.outcome") != "done" {
		t.Errorf("%v, %v", producer.Status, here.Status)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	var l *lab
	queue := &leave{}
	l = newLab(t, []driver.Strategy{stay{}, queue}, func(ctx context.Context) error {
		for _, id := range []string{"good", "good", "bad"} {
			if err := offload.After(ctx, receipt.With(order{id}), offload.MaxAttempts(2), offload.Backoff(time.Millisecond, time.Millisecond)); err != nil {
				return err
			}
		}
		return offload.After(ctx, offload.Func("drop", func(context.Context) error { return backoff.Permanent(errTask) }))
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.call(ctx, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	done := "offload.strategy=stream,offload.task.name=receipt,offload.task.outcome=done"
	over := "offload.strategy=sqs,offload.task.name=receipt,offload.task.outcome=handed_over"
	failed := "offload.strategy=stream,offload.task.name=drop,offload.task.outcome=failed"
	want := map[string]int{
		"offload.task.accepted offload.task.name=receipt":                        3,
		"offload.task.accepted offload.task.name=drop":                           1,
		"offload.task.retries offload.strategy=stream,offload.task.name=receipt": 1,
	}
	for attrs, n := range map[string]int{done: 2, over: 1, failed: 1} {
		for _, name := range []string{"ended", "wait", "duration", "time_left"} {
			want["offload.task."+name+" "+attrs] = n
		}
	}
	got := l.metrics(t)
	for key, n := range want {
		if got[key] != n {
			t.Errorf("%s: %d, want %d", key, got[key], n)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("more: %v", got)
	}
}
