// Command fifo-per-customer is a Lambda function whose deferred work must happen in order, customer by
// customer: each change of an account is a task in the group of its customer, in a FIFO queue.
//
// See README.md for how to run it here.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/sqs" // OFFLOAD_STRATEGY=sqs, with the URL of a .fifo queue
)

func main() {
	slog.SetDefault(slog.New(offload.LogHandler(slog.NewJSONHandler(os.Stdout, nil))))
	if os.Getenv("LEDGER_URL") == "" {
		log.Fatal("set LEDGER_URL, which gets the changes in order")
	}
	offload.Start(change, offload.WithConnections(client))
}

// Change is one change of a customer's account.
type Change struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Amount   int    `json:"amount"`
}

var client = &http.Client{Transport: &http.Transport{}}

// book runs in the worker: in the order of the group, and the next one of the group not before this one has
// succeeded. If it fails, Lambda gets the rest of the group back unprocessed; other customers go on.
var book = offload.Define("book", func(ctx context.Context, c Change) error {
	body, err := json.Marshal(c)
	if err != nil {
		return backoff.Permanent(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("LEDGER_URL"), bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	task, _ := offload.TaskFromContext(ctx)
	req.Header.Set("Idempotency-Key", task.ID)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("change %s: the ledger answered %s", c.ID, resp.Status)
	}
	return nil
}, offload.OnlyOnSuccess())

// change accepts changes, one or a list. After keeps their order within a group; the ID makes a request that
// the client repeats within five minutes one message in a FIFO queue.
func change(ctx context.Context, req events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	var changes []Change
	if err := json.Unmarshal([]byte(req.Body), &changes); err != nil {
		return events.LambdaFunctionURLResponse{StatusCode: http.StatusBadRequest, Body: "a list of changes, in JSON, as application/json"}, nil //nolint:nilerr // the client is told
	}
	for _, c := range changes {
		if c.ID == "" || c.Customer == "" {
			return events.LambdaFunctionURLResponse{StatusCode: http.StatusBadRequest, Body: "a change has an id and a customer"}, nil
		}
	}
	for _, c := range changes {
		if err := offload.After(ctx, book.With(c), offload.ID(c.ID), offload.Group(c.Customer)); err != nil {
			return events.LambdaFunctionURLResponse{}, err // OnlyOnSuccess: none of them leaves
		}
	}
	return events.LambdaFunctionURLResponse{StatusCode: http.StatusAccepted}, nil
}
