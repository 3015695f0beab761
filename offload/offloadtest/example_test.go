package offloadtest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadtest"
)

type confirmation struct {
	Order string `json:"order"`
}

var confirm = offload.Define("confirm", func(ctx context.Context, c confirmation) error {
	task, _ := offload.TaskFromContext(ctx)
	fmt.Printf("attempt %d of %s for %s\n", task.Attempt, task.Name, c.Order)
	return nil
})

// checkout is the handler under test.
func checkout(ctx context.Context, order string) (string, error) {
	if err := offload.After(ctx, confirm.With(confirmation{Order: order})); err != nil {
		return "", err
	}
	return "thank you", nil
}

func ExampleRequireDeferred() {
	t := &testing.T{} // the parameter of the test function

	rec := offloadtest.New(t)
	answer, err := checkout(rec.Context(context.Background()), "A-1042")
	fmt.Println(answer, err)

	fmt.Println(offloadtest.RequireDeferred(t, rec, confirm).Order)
	// Output:
	// thank you <nil>
	// A-1042
}

func ExampleRecorder_Run() {
	t := &testing.T{} // the parameter of the test function

	rec := offloadtest.New(t)
	ctx := rec.Context(context.Background())
	if _, err := checkout(ctx, "A-1042"); err != nil {
		fmt.Println(err)
	}
	_ = offload.After(ctx, offload.Func("webhook", func(context.Context) error {
		panic("no route to host")
	}))

	fmt.Println(rec.Run(context.Background()))
	// Output:
	// attempt 1 of confirm for A-1042
	// task "webhook": offload: the task panicked: no route to host
}

func ExampleRecorder_Tasks() {
	t := &testing.T{} // the parameter of the test function

	rec := offloadtest.New(t)
	_ = offload.After(rec.Context(context.Background()), confirm.With(confirmation{Order: "A-1"}), offload.Group("customer-7"))

	for _, task := range rec.Tasks() {
		fmt.Printf("%s %s %s\n", task.Name, task.JSON, task.Group)
	}
	// Output: confirm {"order":"A-1"} customer-7
}
