// Program all links every strategy, of which one is selected.
package main

import (
	"context"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/invoke"
	_ "github.com/go-offload/lambda/strategies/sqs"
	_ "github.com/go-offload/lambda/strategies/stream"
)

var task = offload.Define("nothing", func(context.Context, string) error { return nil })

func main() {
	offload.Start(func(ctx context.Context, in map[string]string) (map[string]string, error) {
		if in["task"] == "" {
			return in, nil
		}
		return in, offload.After(ctx, task.With(in["task"]))
	})
}
