package offload_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadtest"
)

type receipt struct {
	Order string `json:"order"`
}

var sendReceipt = offload.Define("send-receipt", func(ctx context.Context, r receipt) error {
	task, _ := offload.TaskFromContext(ctx)
	fmt.Printf("%s: order %s, attempt %d\n", task.Name, r.Order, task.Attempt)
	return nil
})

func ExampleAfter() {
	handler := func(ctx context.Context, order string) (string, error) {
		if err := offload.After(ctx, sendReceipt.With(receipt{Order: order})); err != nil {
			return "", err
		}
		return "thank you", nil
	}

	// On Lambda, offload.Start(handler) runs the task when the response is out. A
	// recorder stands in for it here.
	rec := offloadtest.New(&testing.T{})
	fmt.Println(handler(rec.Context(context.Background()), "A-1042"))
	fmt.Println(rec.Run(context.Background()))
	// Output:
	// thank you <nil>
	// send-receipt: order A-1042, attempt 1
	// <nil>
}

func ExampleObserverFunc() {
	count := offload.ObserverFunc(func(_ context.Context, e offload.Event) {
		if e.Kind.Terminal() {
			fmt.Println(e.Task.Name, e.Kind)
		}
	})
	// Passed to Start or Wrap with offload.WithObserver(count). Here is what it prints:
	count.Observe(context.Background(), offload.Event{Kind: offload.Started, Task: offload.TaskInfo{Name: "send-receipt"}})
	count.Observe(context.Background(), offload.Event{Kind: offload.HandedOver, Task: offload.TaskInfo{Name: "send-receipt"}})
	// Output: send-receipt handed over
}

func ExampleLogHandler() {
	log := slog.New(offload.LogHandler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "taskId" { // what differs from run to run
				return slog.Attr{}
			}
			return a
		},
	})))
	handler := func(ctx context.Context) error {
		return offload.After(ctx, offload.Func("send-receipt", func(ctx context.Context) error {
			log.InfoContext(ctx, "sent", "order", "A-1042")
			return nil
		}))
	}

	rec := offloadtest.New(&testing.T{})
	fmt.Println(handler(rec.Context(context.Background())), rec.Run(context.Background()))
	// Output:
	// level=INFO msg=sent order=A-1042 task=send-receipt attempt=1
	// <nil> <nil>
}

// An exporter that sends in batches is flushed when the caller has the answer and the tasks are done,
// before Lambda freezes the process.
func ExampleWithFlush() {
	exporter := func(context.Context) error { // such as the ForceFlush of OpenTelemetry's LoggerProvider
		fmt.Println("exported")
		return nil
	}
	p, err := offload.NewProcess(offload.WithFlush(exporter)) // on Lambda: offload.Start(handler, offload.WithFlush(exporter))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = p.Shutdown(context.Background()) // an ordinary process flushes at its end, a Lambda function after each invocation
	// Output: exported
}

func ExampleWithStrategy() {
	handler := func(context.Context) error { return nil }

	// No package that is linked registers this name.
	_, err := offload.Wrap(handler, offload.WithStrategy("carrier-pigeon"))
	fmt.Println(errors.Is(err, offload.ErrUnknownStrategy))
	// Output: true
}
