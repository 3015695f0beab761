// Command webhook-ingest is a Lambda function that takes webhooks: it checks the signature, answers
// 202 once the event is in a queue, and processes it as the worker of that queue.
//
// See README.md for how to run it here.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/sqs" // OFFLOAD_STRATEGY=sqs
)

func main() {
	slog.SetDefault(slog.New(offload.LogHandler(slog.NewJSONHandler(os.Stdout, nil))))
	if os.Getenv("WEBHOOK_SECRET") == "" || os.Getenv("BACKEND_URL") == "" {
		log.Fatal("set WEBHOOK_SECRET, which the sender signs with, and BACKEND_URL, which gets the events")
	}
	offload.Start(ingest, offload.WithConnections(client))
}

// Event is a webhook.
type Event struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

var client = &http.Client{Transport: &http.Transport{}}

// process runs in a worker invocation, at least once. The task's ID is the event's, so whoever sends or delivers it
// again, the backend gets the same Idempotency-Key and does the work once.
var process = offload.Define("process-webhook", func(ctx context.Context, e Event) error {
	task, _ := offload.TaskFromContext(ctx)
	body, err := json.Marshal(e)
	if err != nil {
		return backoff.Permanent(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("BACKEND_URL"), bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", task.ID)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("event %s: the backend answered %s", e.ID, resp.Status) // the queue delivers it again, and at last to the DLQ
	}
	return nil
})

// ingest answers 202 when the event is durable, and not before: with OFFLOAD_STRATEGY=sqs the tasks leave before the
// response. If the queue refuses, the sender gets an error and sends again.
func ingest(ctx context.Context, req events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	body := []byte(req.Body)
	if req.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(req.Body); err != nil {
			return answer(http.StatusBadRequest, "the body is not base64")
		}
	}
	if !signed(body, req.Headers["x-signature"]) {
		return answer(http.StatusUnauthorized, "the signature does not match")
	}
	var e Event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		return answer(http.StatusBadRequest, "an event is JSON and has an id")
	}
	if err := offload.After(ctx, process.With(e), offload.ID(e.ID)); err != nil {
		return answer(http.StatusUnprocessableEntity, err.Error()) // an ID of odd characters, or too large
	}
	return answer(http.StatusAccepted, "accepted")
}

// signed checks the HMAC-SHA256 of the body, in hexadecimal, as many senders put it into a header.
func signed(body []byte, signature string) bool {
	mac := hmac.New(sha256.New, []byte(os.Getenv("WEBHOOK_SECRET")))
	_, _ = mac.Write(body)
	given, err := hex.DecodeString(signature)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

func answer(status int, text string) (events.LambdaFunctionURLResponse, error) {
	body, err := json.Marshal(map[string]string{"status": text})
	return events.LambdaFunctionURLResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(body),
	}, err
}
