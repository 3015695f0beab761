// Command function is the Lambda function of the quickstart: an order API behind a
// function URL or an HTTP API (payload format 2.0).
//
// It accepts an order, answers 201, and owes three things that the client need not
// wait for: a receipt, an audit row and a slow webhook. MODE chooses when they are
// done, see mode.go; the handler in order.go is the same for all.
package main

import (
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/extension" // OFFLOAD_STRATEGY=extension
	_ "github.com/go-offload/lambda/strategies/stream"    // OFFLOAD_STRATEGY=stream
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))

	mode := os.Getenv("MODE")
	work, ok := modes[mode]
	if !ok {
		log.Fatal(fmt.Errorf("MODE is %q; use naive, inline or offload", mode))
	}
	api := &orders{finish: work}
	if mode != "offload" {
		lambda.Start(api.create) // how the function looked before
	}
	offload.Start(api.create)
}
