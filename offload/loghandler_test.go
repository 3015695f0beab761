package offload

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func TestLogHandlerIsASlogHandler(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return LogHandler(slog.NewJSONHandler(&out, nil))
	}, func(t *testing.T) map[string]any {
		t.Helper()
		return record(t, out.String())
	})
}

func record(t *testing.T, line string) map[string]any {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return r
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with func(*slog.Logger) *slog.Logger
		want string // the record in the task, without what varies
	}{
		"plain":      {func(l *slog.Logger) *slog.Logger { return l }, `{"msg":"in","k":"v","requestId":"r-1","task":"job","taskId":"t-1","attempt":1}`},
		"attributes": {func(l *slog.Logger) *slog.Logger { return l.With("a", 1) }, `{"msg":"in","a":1,"k":"v","requestId":"r-1","task":"job","taskId":"t-1","attempt":1}`},
		"group":      {func(l *slog.Logger) *slog.Logger { return l.With("a", 1).WithGroup("g").With("b", 2) }, `{"msg":"in","a":1,"requestId":"r-1","task":"job","taskId":"t-1","attempt":1,"g":{"b":2,"k":"v"}}`},
		"own value":  {func(l *slog.Logger) *slog.Logger { return l }, ``},
	} {
		var out strings.Builder
		log := c.with(slog.New(LogHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		}}))))
		if c.want == "" {
			c.want = `{"msg":"in","k":"v","task":"mine","requestId":"r-1","taskId":"t-1","attempt":1}`
			log = log.With()
		}
		base := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
		o, _ := open(t, WithBaseContext(base))
		if _, err := drive(o, func(ctx context.Context) (any, error) {
			log.InfoContext(ctx, "handler")
			return nil, After(ctx, Func("job", func(ctx context.Context) error {
				if name == "own value" {
					log.InfoContext(ctx, "in", "k", "v", "task", "mine")
				} else {
					log.InfoContext(ctx, "in", "k", "v")
				}
				return nil
			}), ID("t-1"))
		}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 2 {
			t.Fatalf("%s: %q", name, lines)
		}
		if r := record(t, lines[0]); r["requestId"] != "r-1" || r["task"] != nil {
			t.Errorf("%s: in the handler: %s", name, lines[0])
		}
		if lines[1] != c.want {
			t.Errorf("%s: in the task: %s\nwant %s", name, lines[1], c.want)
		}
		log.Info("outside")
		if strings.Contains(strings.Split(out.String(), "\n")[2], "requestId") {
			t.Errorf("%s: outside an invocation: %s", name, out.String())
		}
	}
}

// Around AWS's handler, and in the default observer on top of it, requestId appears once.
func TestRequestIDIsLoggedOnce(t *testing.T) {
	t.Parallel()
	aws := lambdacontext.NewLogHandler()
	if !addsRequestID(aws) {
		t.Errorf("the handler of lambdacontext, %T, is not recognised", aws)
	}
	plain := slog.NewJSONHandler(new(bytes.Buffer), nil)
	if addsRequestID(plain) {
		t.Error("a JSON handler is taken for that of lambdacontext")
	}
	if !addsRequestID(LogHandler(aws)) || !addsRequestID(LogHandler(plain)) {
		t.Error("LogHandler is not recognised")
	}
	if LogObserver(slog.New(aws)).(*logObserver).requestID {
		t.Error("LogObserver repeats what the handler adds")
	}

	var out strings.Builder
	base := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
	o, _ := open(t, WithBaseContext(base), WithObserver(LogObserver(slog.New(LogHandler(slog.NewTextHandler(&out, nil))))))
	if _, err := drive(o, deferring(t, Func("job", func(context.Context) error { panic("job") }))); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "requestId=r-1"); n != 1 {
		t.Errorf("%d times:\n%s", n, out.String())
	}
}

// What this package logs by itself tells the invocation too.
func TestOwnRecordsHaveTheRequestID(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	base := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
	o, _ := open(t, WithBaseContext(base), WithLogger(slog.New(slog.NewTextHandler(&out, nil))), WithFlush(func(context.Context) error { return errTask }))
	if _, err := drive(o, deferring(t)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "requestId=r-1") {
		t.Error(out.String())
	}

	out.Reset()
	o, _ = open(t, WithBaseContext(base), WithLogger(slog.New(LogHandler(slog.NewTextHandler(&out, nil)))), WithFlush(func(context.Context) error { return errTask }))
	if _, err := drive(o, deferring(t)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "requestId=r-1"); n != 1 {
		t.Errorf("%d times, where the handler adds it too:\n%s", n, out.String())
	}
}
