package offloademf_test

import (
	"context"
	"fmt"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloademf"
	"github.com/go-offload/lambda/strategies/extension"
)

func Example() {
	metrics, err := offloademf.New(&offloademf.Options{
		Namespace:  "Shop",
		Dimensions: map[string]string{"Stage": "prod"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := func(ctx context.Context) error {
		return offload.After(ctx, offload.Func("send-receipt", func(context.Context) error { return nil }))
	}
	// On Lambda: offload.Start(handler, offload.WithTelemetry(metrics))
	_, err = offload.Wrap(handler, offload.WithStrategies(extension.New(nil)), offload.WithTelemetry(metrics))
	fmt.Println(err)

	// What a name that CloudWatch refuses looks like:
	_, err = offloademf.New(&offloademf.Options{Namespace: "AWS/Lambda"})
	fmt.Println(err)
	// Output:
	// <nil>
	// offloademf: invalid options: namespace "AWS/Lambda": use up to 255 letters, digits and . - _ / # :, and do not begin with AWS/
}
