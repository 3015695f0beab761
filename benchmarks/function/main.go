// Program function is the function under test: one binary, of which environment
// variables make any contestant, or the worker that runs what was sent.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/offload"
)

// The environment variables: the contestant, or "worker"; and how many tasks run
// at once.
const (
	envContestant = "BENCHMARK_CONTESTANT"
	envAtOnce     = "OFFLOAD_CONCURRENCY"
	worker        = "worker"
)

func main() {
	name := os.Getenv(envContestant)
	if name == worker {
		offload.StartWorker()
		return
	}
	contestant, err := cost.ParseContestant(name)
	if err != nil {
		log.Fatalf("%s: %v", envContestant, err)
	}
	switch contestant {
	case cost.Inline:
		lambda.Start(behindURL(inline))
	case cost.Goroutine:
		lambda.Start(behindURL(goroutine))
	case cost.APIGatewayAsync:
		lambda.Start(inline) // the integration passes the body on as the event
	case cost.StreamResponse:
		offload.Start(streamed(deferring), chain(cost.Stream)...)
	case cost.SQSAfter:
		offload.Start(behindURL(deferring), append(chain(cost.SQS), offload.WithHandOff(offload.HandOffAfter))...)
	default:
		offload.Start(behindURL(deferring), chain(contestant)...)
	}
}

// answer is the body of the response.
type answer struct {
	Seq int    `json:"seq"`
	Pad string `json:"pad,omitempty"`
}

// handler does an order.
type handler func(ctx context.Context, o wire.Order) (answer, error)

// behindURL is the handler as a function URL calls it.
func behindURL(h handler) func(context.Context, events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	return func(ctx context.Context, r events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
		body, err := serve(ctx, h, r)
		if err != nil {
			return events.LambdaFunctionURLResponse{}, err
		}
		return events.LambdaFunctionURLResponse{
			StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(body),
		}, nil
	}
}

func serve(ctx context.Context, h handler, r events.LambdaFunctionURLRequest) ([]byte, error) {
	var o wire.Order
	if r.IsBase64Encoded {
		return nil, fmt.Errorf("the body came in base64: send it as application/json")
	}
	if err := json.Unmarshal([]byte(r.Body), &o); err != nil {
		return nil, fmt.Errorf("the body is no order: %w", err)
	}
	a, err := h(ctx, o)
	if err != nil {
		return nil, err
	}
	return json.Marshal(a)
}

// requestID of the invocation that ctx belongs to.
func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
