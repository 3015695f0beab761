// Program function is the handler that the benchmarks measure: bare, or wrapped
// with a strategy; with or without work behind the response.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/stream"
)

type request struct {
	HandlerMS int `json:"handlerMs"`
	TaskMS    int `json:"taskMs"`
}

type answer struct {
	OK bool `json:"ok"`
}

func handle(ctx context.Context, r request) (answer, error) {
	if r.HandlerMS > 0 {
		time.Sleep(time.Duration(r.HandlerMS) * time.Millisecond)
	}
	if r.TaskMS > 0 && os.Getenv("OFFLOAD_STRATEGY") != "" {
		return answer{OK: true}, offload.After(ctx, offload.Func("wait", func(ctx context.Context) error {
			select {
			case <-time.After(time.Duration(r.TaskMS) * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
	}
	return answer{OK: true}, nil
}

func main() {
	if os.Getenv("OFFLOAD_STRATEGY") != "" {
		offload.Start(handle)
	}
	if os.Getenv("POLL") != "" {
		if err := pollEvents(); err != nil {
			log.Fatal(err)
		}
	}
	lambda.Start(handle)
}
