package offload

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

// Dispatcher decides about events without the layers above, for tests of the package
// from outside.
func Dispatcher(tb testing.TB, opts ...Option) func(event []byte, handler func([]byte)) (any, error) {
	tb.Helper()
	o, err := newOffloader(context.Background(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	return func(event []byte, handler func([]byte)) (any, error) {
		s := o.begin(context.Background())
		defer s.keep()
		return o.dispatch(func(_ context.Context, event []byte) (any, error) {
			handler(event)
			return nil, nil
		})(s, event)
	}
}

// LooksForTasks is the part of the decision that every event pays for.
func LooksForTasks(testing.TB) func(event []byte) bool {
	return func(event []byte) bool {
		_, ok := envelopeRecords(event)
		return ok
	}
}

func newWorker(t *testing.T, opts ...Option) (func(event string) (string, error), error) {
	t.Helper()
	o, err := newOffloader(t.Context(), append(opts, workerOnly, WithLogger(slog.New(slog.DiscardHandler))))
	if err != nil {
		return nil, err
	}
	adapted, err := o.adapt(refuseEvent)
	if err != nil {
		return nil, err
	}
	return func(event string) (string, error) {
		out, err := lambda.NewHandler(adapted).Invoke(t.Context(), []byte(event))
		return string(out), err
	}, nil
}

var (
	workerRuns atomic.Int32
	workerTask = Define("start-worker-test", func(ctx context.Context, again bool) error {
		workerRuns.Add(1)
		if again {
			return After(ctx, Func("closure", func(context.Context) error { return nil }))
		}
		return nil
	})
)

func TestStartWorker(t *testing.T) {
	t.Setenv("OFFLOAD_STRATEGY", "")
	workerRuns.Store(0)
	call, err := newWorker(t)
	if err != nil {
		t.Fatal("a worker without a strategy:", err)
	}
	envelope := func(input string) string {
		return `{"specversion":"1.0","offloadversion":1,"id":"a","source":"urn:x","type":"` + workerTask.Name() +
			`","time":"2026-01-02T03:04:05Z","datacontenttype":"application/json","offloadattempt":0,"offloadhops":1,"data":` + input + `}`
	}
	if out, err := call(envelope("false")); err != nil || out != "null" || workerRuns.Load() != 1 {
		t.Errorf("%s, %v, %d runs", out, err, workerRuns.Load())
	}
	if _, err := call(envelope("true")); !errors.Is(err, ErrHandOver) || workerRuns.Load() != 2 {
		t.Errorf("a worker without a strategy deferred a task: %v", err)
	}
	for _, event := range []string{"{}", "1", "null", `"text"`, `{"Records":[]}`} {
		if _, err := call(event); !errors.Is(err, ErrNotEnvelope) {
			t.Errorf("%s: %v", event, err)
		}
	}
	record := func(id, body string) string {
		return `{"messageId":"` + id + `","eventSource":"aws:sqs","body":"` + strings.ReplaceAll(body, `"`, `\"`) + `"}`
	}
	out, err := call(`{"Records":[` + record("m1", envelope("false")) + `,` + record("m2", "else") + `]}`)
	if want := `{"batchItemFailures":[{"itemIdentifier":"m2"}]}`; err != nil || out != want {
		t.Errorf("%s, %v, want %s", out, err, want)
	}
}
