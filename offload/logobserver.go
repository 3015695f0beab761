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
	return &logObserver{l, !addsRequestID(l.Handler())}
}

type logObserver struct {
	log       *slog.Logger
	requestID bool // the handler does not add it
}

// errUnexpected stands for any error when a level is asked for in advance.
var errUnexpected = errors.New("")

func (o *logObserver) Wants(k EventKind) bool {
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

func (o *logObserver) Observe(ctx context.Context, e Event) {
	args := []any{logTask, e.Task.Name, logTaskID, e.Task.ID, logAttempt, e.Task.Attempt}
	if o.requestID {
		args = append(args, logRequestID, e.Task.RequestID)
	}
	if e.Strategy != "" {
		args = append(args, "strategy", e.Strategy)
	}
	switch {
	case !e.Kind.Terminal():
	case e.Run == 0 && e.Task.Attempt > 0: // "run=0s" would say that it never ran
		args = append(args, "elapsed", e.Wait)
	default:
		args = append(args, "wait", e.Wait, "run", e.Run)
	}
	if e.Kind == Retrying {
		args = append(args, "backoff", e.Backoff)
	}
	if e.Err != nil {
		args = append(args, "error", e.Err.Error())
	}
	if p, ok := errors.AsType[*PanicError](e.Err); ok {
		args = append(args, "stack", string(p.Stack))
	}
	o.log.Log(ctx, level(e.Kind, e.Err), "offload: task "+e.Kind.String(), args...)
}
