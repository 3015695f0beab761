// Command function is a checkout: one program for two Lambda functions. The one behind the URL
// takes orders and answers at once; the one that a queue is mapped to is its worker. Neither
// knows which of the two it is: an event that is a task is run, everything else is an order.
//
//	OFFLOAD_STRATEGY=extension,sqs
//
// reads: run tasks here, after the response; what fails for good here, or would not end in time, goes
// to the queue.
package main

import (
	"log/slog"
	"os"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/sqs"
)

func main() {
	// Every step of every task, as JSON. Without this only what goes wrong is logged.
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))
	offload.Start(checkout, offload.WithObserver(offload.LogObserver(log)))
}
