package offload

// WithTelemetry adds observers of task events that measure rather than report: unlike those of
// [WithObserver] they leave the default [LogObserver] in place. One that is a [Flusher] is flushed at the
// end of each invocation; one that is a [Tracer] carries the trace of the tasks, and there can be one of those.
func WithTelemetry(obs ...Observer) Option {
	return func(o *options) {
		for _, observer := range obs {
			o.require("WithTelemetry", observer)
			o.telemetry = append(o.telemetry, observer)
			if t, ok := observer.(Tracer); ok {
				if o.tracer != nil {
					o.refuse("WithTelemetry: a second observer is a Tracer; a task has one trace")
				}
				o.tracer = t
			}
			if f, ok := observer.(Flusher); ok {
				addFlush(o, f.Flush)
			}
		}
	}
}
