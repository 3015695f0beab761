package offload

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

// The default log takes no times of tasks: it must not say that one that ran did not run.
func TestLogOfWhatWasNotTimed(t *testing.T) {
	t.Parallel()
	record := func(level slog.Level) map[string]any {
		var out bytes.Buffer
		o, err := opened(nil, WithStrategies(inline{}), WithLogger(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := drive(o, deferring(t, Func("fails", panicking))); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			var r map[string]any
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			if r["level"] == "ERROR" {
				return r
			}
		}
		t.Fatalf("no error in the log: %s", out.String())
		return nil
	}
	for level, timed := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelDebug: true} {
		r := record(level)
		_, elapsed := r["elapsed"]
		_, wait := r["wait"]
		_, run := r["run"]
		if elapsed == timed || wait != timed || run != timed {
			t.Errorf("at level %s: %v", level, r)
		}
		if stack, _ := r["stack"].(string); !strings.Contains(stack, "offload.panicking(") {
			t.Errorf("at level %s the panic cannot be found: %v", level, r)
		}
	}
}

func panicking(context.Context) error { panic("boom") }
