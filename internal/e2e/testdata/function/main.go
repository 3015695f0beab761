// Command function is a Lambda function that does what its environment and its
// events say, and writes down what happened and when.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/invoke"
	_ "github.com/go-offload/lambda/strategies/sqs"
	_ "github.com/go-offload/lambda/strategies/stream"
)

func main() {
	handler, ok := handlers[os.Getenv("E2E_HANDLER")]
	if !ok {
		log.Fatalf("no handler %q", os.Getenv("E2E_HANDLER"))
	}
	opts := []offload.Option{offload.WithObserver(offload.LogObserver(nil), offload.ObserverFunc(observe))}
	if os.Getenv("E2E_SIGTERM") != "" {
		opts = append(opts, offload.WithLambdaOptions(lambda.WithEnableSIGTERM(func() { note("", "sigterm", "", nil) })))
	}
	if os.Getenv("E2E_FLUSH") != "" {
		opts = append(opts, offload.WithFlush(flush))
	}

	switch start := os.Getenv("E2E_START"); start {
	case "offload":
		offload.Start(handler, opts...)
	case "worker":
		offload.StartWorker(opts...)
	case "inside":
		offload.Start(tracing{handler}, opts...)
	case "bare":
		lambda.Start(handler)
	case "wrap", "outside":
		wrapped, err := offload.Wrap(handler, opts...)
		if err != nil {
			log.Fatal(err)
		}
		if start == "outside" {
			wrapped = tracing{wrapped}
		}
		lambda.Start(wrapped)
	default:
		log.Fatalf("no start %q", start)
	}
}
