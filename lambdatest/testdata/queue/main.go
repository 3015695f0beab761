// Command queue is a Lambda function behind an SQS queue. What it does with a message is the message's body.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

// tail is a response whose Close, after it was sent, does not return.
type tail struct{ io.Reader }

func (tail) Close() error {
	time.Sleep(time.Minute)
	return nil
}

func (tail) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

func handle(ctx context.Context, event events.SQSEvent) (any, error) {
	var response events.SQSEventResponse
	for _, record := range event.Records {
		log.Printf("message %s receive %s body %s", record.MessageId, record.Attributes["ApproximateReceiveCount"], record.Body)
		what, argument, _ := strings.Cut(record.Body, " ")
		switch what {
		case "fail": // the whole batch
			return response, errors.New("told to fail")
		case "fail-once":
			if record.Attributes["ApproximateReceiveCount"] == "1" {
				return response, errors.New("told to fail")
			}
		case "item": // this message only
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		case "hang":
			<-ctx.Done()
			time.Sleep(time.Minute)
		case "tail":
			return tail{strings.NewReader(`{"batchItemFailures":[]}`)}, nil
		case "crash":
			os.Exit(1)
		case "wait": // until the file is there
			for {
				if _, err := os.Stat(argument); err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
	return response, nil
}
