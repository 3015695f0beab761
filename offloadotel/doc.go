// Package offloadotel makes deferred tasks visible to OpenTelemetry, and sends what was recorded before
// Lambda freezes the process:
//
//	func main() {
//		tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
//		otel.SetTracerProvider(tp)
//		offload.Start(otellambda.InstrumentHandler(handler), offload.WithTelemetry(offloadotel.New()))
//	}
//
// # Spans
//
// A task that runs in the process has one span, named after the task, of kind internal: a child of the span in the
// context that After was called with, usually the handler's, although it begins after that one has
// ended. It lasts from the first attempt to the task's end; attempts and retries are events in it, and it is the
// current span inside the task. A task that is dropped without an attempt has a span from its acceptance to its end.
//
// A task that leaves the process has a producer span, "send NAME", from After to the moment at which the queue or Lambda has it.
// Its context travels in the envelope (W3C traceparent), and the worker's consumer span, "process NAME", is
// a child of it: one trace from the request to the worker. A task that was tried here and then went down the
// chain has no producer span; the worker's span is a child of the span of those attempts. tracestate and baggage do not travel.
//
// Spans have offload.task.name, offload.task.id, offload.strategy, faas.invocation_id (the invocation that deferred
// the task, or that of the worker) and offload.task.outcome: done, failed, handed_over or dropped. Failed and
// dropped tasks have the status Error, and error.type. By way of sqs they have the attributes of the
// messaging conventions too, as far as they are known: messaging.system, messaging.operation.name and .type, and the task's ID as messaging.message.id.
//
// Where the trace was taken from the X-Ray header of the invocation (propagators/aws/xray), the header that goes to SQS or Lambda
// names the span as its parent. Otherwise X-Ray keeps its own trace beside this one.
//
// # Metrics
//
//	offload.task.accepted   counter    {task}  After returned nil
//	offload.task.retries    counter    {retry} attempts that failed and were followed by another
//	offload.task.ended      counter    {task}  with offload.task.outcome
//	offload.task.wait       histogram  s       from After to the first attempt, the time in a queue included
//	offload.task.duration   histogram  s       from the first attempt to the end
//	offload.task.time_left  histogram  s       from the end to the function's timeout
//
// All have offload.task.name, and offload.strategy but for the first. A function runs in many environments at a time and each counts from zero, so
// export with delta temporality if your backend takes it.
//
// # Flush
//
// Batch processors and periodic readers send later, from a goroutine: on Lambda that is minutes later, with the next
// invocation, or never. So the last thing in each tail is ForceFlush of both providers, at the same time, and
// within the bounds of [offload.WithFlush]: after the caller has the response, after the last task. That holds for
// invocations that deferred nothing, that failed, and for workers too, so the handler's own spans are sent. Let
// nothing else flush: a Flusher given to otellambda makes the caller wait for the export, and runs before the tasks. For a
// log provider add offload.WithFlush(loggerProvider.ForceFlush).
//
// On Lambda Managed Instances nothing is frozen and invocations overlap, so there is a flush at SIGTERM only.
//
// # otellambda
//
// Put it inside: offload.Start(otellambda.InstrumentHandler(handler)). Around the result of offload.Wrap it closes the response
// before it is sent: with stream the caller waits for the tasks, with extension they begin too early. Package offload says so in the
// log. All spans are still sent, but the handler's own may end after the flush, and then leaves with the next one or at SIGTERM. In a
// worker, tasks do not go through the handler: the task's span is the first of its invocation.
package offloadotel
