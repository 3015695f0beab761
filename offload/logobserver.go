package offload

import (
	"context"
	"errors"
	"log/slog"
)

// LogObserver writes events to a logger: Dropped and Failed as errors, HandedOver
// of a task that was tried here and Retrying as warnings, the rest for debugging. Each record has
// task, taskId, attempt and requestId; see [LogHandler] for the same in the records of tasks. How it ended comes
// with the task's wait and run, or with all of the time since it was accepted (elapsed) where the first
// attempt was not timed (see [Event]), and a panic with its stack. A nil logger means slog.Default().
func LogObserver(l *slog.Logger) Observer {
	if l == nil {
		l = slog.Default()
	}
	return logObserver{l, !addsRequestID(l.Handler())}
}

type logObserver struct {
	log       *slog.Logger
	requestID bool // the handler does not add it
}

// errUnexpected stands for any error when a level is asked for in advance.
var errUnexpected = errors.New("")

func (o logObserver) Wants(k EventKind) bool {
	return o.log.Enabled(context.Background(), level(k, errUnexpected))
}

func level(k EventKind, err error) slog.Level {
	switch {
	case errors.Is(err, ErrHandlerFailed): // OnlyOnSuccess: as the user asked
		return slog.LevelInfo
	case k == Failed, k == Dropped:
		return slog.LevelError
	case k == Retrying, k == HandedOver && err != nil:
		return slog.LevelWarn
	default:
		return slog.LevelDebug
	}
}

func (o logObserver) Observe(ctx context.Context, e Event) {
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs,
		slog.String(logTask, e.Task.Name),
		slog.String(logTaskID, e.Task.ID),
		slog.Int(logAttempt, e.Task.Attempt),
	)
	if o.requestID {
		attrs = append(attrs, slog.String(logRequestID, e.Task.RequestID))
	}
	if e.Strategy != "" {
		attrs = append(attrs, slog.String("strategy", e.Strategy))
	}
	switch {
	case !e.Kind.Terminal():
	case e.Run == 0 && e.Task.Attempt > 0: // "run=0s" would say that it never ran
		attrs = append(attrs, slog.Duration("elapsed", e.Wait))
	default:
		attrs = append(attrs, slog.Duration("wait", e.Wait), slog.Duration("run", e.Run))
	}
	if e.Kind == Retrying {
		attrs = append(attrs, slog.Duration("backoff", e.Backoff))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	if p := (*PanicError)(nil); errors.As(e.Err, &p) {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	o.log.LogAttrs(ctx, level(e.Kind, e.Err), "offload: task "+e.Kind.String(), attrs...)
}
