package offload

import (
	"context"
	"log/slog"
	"reflect"
	"slices"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// The attributes of log records, ours and those of [LogHandler]. requestId is the name that AWS's
// own JSON logs and lambdacontext.NewLogHandler use.
const (
	logRequestID = "requestId"
	logTask      = "task"
	logTaskID    = "taskId"
	logAttempt   = "attempt"
)

// LogHandler gives a handler that adds to each record who is speaking: requestId inside an
// invocation, and inside a task also task, taskId and attempt, all read from the ctx of the record:
//
//	slog.SetDefault(slog.New(offload.LogHandler(slog.NewJSONHandler(os.Stdout, nil))))
//	…
//	slog.InfoContext(ctx, "sent") // in a task: {…,"msg":"sent","requestId":"…","task":"send-receipt","taskId":"…","attempt":1}
//
// In a worker requestId is the worker's own; taskId is the same everywhere. The attributes are at the top level also
// in a logger with groups. A record that has one of them already keeps its own. Around
// lambdacontext.NewLogHandler, which adds requestId itself, only those of the task are added.
func LogHandler(h slog.Handler) slog.Handler {
	return &logHandler{plain: h, inner: h, requestID: !addsRequestID(h)}
}

// addsRequestID recognises our handler, and that of lambdacontext, whose type has no exported name.
func addsRequestID(h slog.Handler) bool {
	if _, ok := h.(*logHandler); ok {
		return true
	}
	t := reflect.TypeOf(h)
	return t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == reflect.TypeFor[lambdacontext.LambdaContext]().PkgPath()
}

// logID is the attribute of this package's own records, empty where the handler adds it.
func (s *scope) logID() slog.Attr {
	if addsRequestID(s.off.log.Handler()) {
		return slog.Attr{}
	}
	return slog.String(logRequestID, s.RequestID())
}

type logHandler struct {
	plain     slog.Handler                      // before the first group
	inner     slog.Handler                      // with all groups and attributes
	since     []func(slog.Handler) slog.Handler // what makes inner of plain
	requestID bool                              // to be added
}

func (h *logHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.inner.Enabled(ctx, l) }

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := h.attrs(ctx)
	if len(attrs) == 0 {
		return h.inner.Handle(ctx, r)
	}
	if len(h.since) > 0 {
		// Inside a group they would become members of it.
		inner := h.plain.WithAttrs(attrs)
		for _, step := range h.since {
			inner = step(inner)
		}
		return inner.Handle(ctx, r)
	}
	r.Attrs(func(a slog.Attr) bool {
		attrs = slices.DeleteFunc(attrs, func(own slog.Attr) bool { return own.Key == a.Key })
		return len(attrs) > 0
	})
	r = r.Clone()
	r.AddAttrs(attrs...)
	return h.inner.Handle(ctx, r)
}

// attrs tells of the invocation and the task that ctx belongs to.
func (h *logHandler) attrs(ctx context.Context) []slog.Attr {
	task, inTask := TaskFromContext(ctx)
	var attrs []slog.Attr
	if h.requestID {
		id := task.RequestID
		if lc, ok := lambdacontext.FromContext(ctx); ok && !inTask {
			id = lc.AwsRequestID
		}
		if id != "" {
			attrs = append(attrs, slog.String(logRequestID, id))
		}
	}
	if inTask {
		attrs = append(attrs, slog.String(logTask, task.Name), slog.String(logTaskID, task.ID), slog.Int(logAttempt, task.Attempt))
	}
	return attrs
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	next := *h
	next.inner = h.inner.WithAttrs(attrs)
	if len(h.since) == 0 {
		next.plain = next.inner
		return &next
	}
	next.since = append(slices.Clip(h.since), func(in slog.Handler) slog.Handler { return in.WithAttrs(attrs) })
	return &next
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.inner = h.inner.WithGroup(name)
	next.since = append(slices.Clip(h.since), func(in slog.Handler) slog.Handler { return in.WithGroup(name) })
	return &next
}
