// Command queue is a Lambda function behind an SQS queue. What it does with a message is the message's body.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

func handle(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
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
