package outbox_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/examples/customstrategy/outbox"
	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/strategytest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	strategytest.Run(t, strategytest.Harness{New: func(t *testing.T) strategytest.Subject {
		t.Helper()
		table, db := newMemory(t)
		return strategytest.Subject{
			Strategy:    outbox.New(db),
			Destination: &strategytest.Destination{Received: table.bodies, Refuse: table.refuse},
		}
	}})
}

// order is what the handler below defers.
type order struct {
	ID    string
	Fails bool // the first time
	Delay time.Duration
}

var (
	packed []string
	pack   = offload.Define("pack", func(_ context.Context, o order) error {
		again := slices.Contains(packed, o.ID)
		packed = append(packed, o.ID)
		if o.Fails && !again {
			return errors.New("out of boxes")
		}
		return nil
	})
)

func handle(ctx context.Context, o order) (string, error) {
	return "ok", offload.After(ctx, pack.With(o), offload.ID(o.ID), offload.Delay(o.Delay))
}

// TestRoundTrip: deferred here, relayed, and run by the same handler as a worker.
func TestRoundTrip(t *testing.T) {
	packed = nil
	table, db := newMemory(t)
	invoke := function(t, db)
	for _, o := range []order{{ID: "fails-once", Fails: true}, {ID: "good"}, {ID: "good"}, {ID: "later", Delay: time.Hour}} {
		event, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := invoke(t.Context(), event); err != nil || string(answer) != `"ok"` {
			t.Fatalf("%s, %v", answer, err)
		}
	}
	deliver := func(ctx context.Context, envelope []byte) error {
		_, err := invoke(ctx, envelope)
		return err
	}

	var failed []string
	for found := true; found; {
		var err error
		if found, err = outbox.Relay(t.Context(), db, deliver); err != nil {
			failed = append(failed, err.Error())
		}
	}
	if got := strings.Join(packed, " "); got != "fails-once good" {
		t.Errorf("packed %q; the same ID twice should be one row, and what is due later should wait", got)
	}
	if len(failed) != 1 || !strings.Contains(failed[0], "task fails-once: ") || !strings.Contains(failed[0], "out of boxes") {
		t.Errorf("failures: %q", failed)
	}
	if n := len(table.bodies()); n != 2 {
		t.Errorf("%d rows are left, want the one that failed and the one that is due later", n)
	}

	table.pass(2 * time.Minute)
	if found, err := outbox.Relay(t.Context(), db, deliver); !found || err != nil || packed[len(packed)-1] != "fails-once" {
		t.Errorf("after a minute: found %t, %v, packed %q", found, err, packed)
	}
}

// TestCrashingRelay: what was taken out and not delivered is still there.
func TestCrashingRelay(t *testing.T) {
	t.Parallel()
	table, db := newMemory(t)
	invoke := function(t, db)
	if _, err := invoke(t.Context(), []byte(`{"ID":"4711"}`)); err != nil {
		t.Fatal(err)
	}
	ctx, crash := context.WithCancel(t.Context())
	_, err := outbox.Relay(ctx, db, func(ctx context.Context, _ []byte) error {
		// While it is delivered nobody else gets it.
		if found, err := outbox.Relay(t.Context(), db, nil); found || err != nil {
			t.Errorf("a second relay: found %t, %v", found, err)
		}
		crash()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if n := len(table.bodies()); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// TestByName: OFFLOAD_STRATEGY=outbox and a data source, no code.
func TestByName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dsn, driver, problem string }{
		{"", "", outbox.EnvDSN + " is not set"},
		{"postgres://db/shop", "", `unknown driver "pgx" (forgotten import?)`},
		{"postgres://db/shop", "stand-in", ""},
	} {
		s, ok := driver.New(outbox.Name)
		if !ok {
			t.Fatal("not registered")
		}
		vars := map[string]string{outbox.EnvDSN: test.dsn, outbox.EnvDriver: test.driver}
		err := s.Open(t.Context(), driver.Env{Getenv: func(name string) string { return vars[name] }})
		if test.problem == "" {
			if err != nil {
				t.Fatal(err)
			}
			if err := s.(io.Closer).Close(); err != nil {
				t.Error(err)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%v: error %v", vars, err)
		}
	}
}

// function is the whole Lambda function, without the loop around it.
func function(t *testing.T, db *sql.DB) func(ctx context.Context, event []byte) ([]byte, error) {
	t.Helper()
	wrapped, err := offload.Wrap(handle, offload.WithStrategies(outbox.New(db)), offload.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	return lambda.NewHandler(wrapped).Invoke
}
