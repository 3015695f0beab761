// Program stream is what the strategy costs in a binary.
package main

import (
	"context"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/stream"
)

func main() {
	offload.Start(func(ctx context.Context, in map[string]string) (map[string]string, error) {
		return in, offload.After(ctx, offload.Func("nothing", func(context.Context) error { return nil }))
	})
}
