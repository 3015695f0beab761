package offload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// batchResponse is what a function answers to an SQS event (Lambda Developer Guide,
// "Implementing partial batch responses").
type batchResponse struct {
	BatchItemFailures []batchItemFailure `json:"batchItemFailures"`
}

type batchItemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

func (b *batch) response(ctx context.Context) batchResponse {
	failures := []batchItemFailure{}
	named := map[string]bool{}
	for i := range b.records {
		if r := &b.records[i]; r.failed != nil && !named[r.id] {
			named[r.id] = true
			failures = append(failures, batchItemFailure{r.id})
		}
	}
	if len(failures) > 0 {
		b.scope.off.log.LogAttrs(ctx, slog.LevelWarn, "offload: messages of a batch failed and stay in the queue",
			slog.Int("failed", len(failures)), slog.Int("messages", len(b.records)), b.scope.logID())
	}
	return batchResponse{failures}
}

// failuresIn reads the handler's own response to its part of a batch, by Lambda's
// rules: no response and no list mean success, and a response that names something
// else than the messages means that all of them failed.
func (b *batch) failuresIn(result any, records []*sqsRecord) (map[string]bool, error) {
	text, err := b.encode(result)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == `""` {
		return nil, nil
	}
	var response struct {
		BatchItemFailures []struct {
			ItemIdentifier string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(text, &response); err != nil {
		return nil, fmt.Errorf("offload: the handler's response to an SQS event: %w", err)
	}
	failed := make(map[string]bool, len(response.BatchItemFailures))
	known := make(map[string]bool, len(records))
	for _, r := range records {
		known[r.id] = true
	}
	for _, f := range response.BatchItemFailures {
		if !known[f.ItemIdentifier] {
			return nil, fmt.Errorf("offload: the handler's response to an SQS event names %q, which is no message of it", f.ItemIdentifier)
		}
		failed[f.ItemIdentifier] = true
	}
	return failed, nil
}

// encode gives the bytes that aws-lambda-go would send for a result.
func (b *batch) encode(result any) ([]byte, error) {
	r, err := b.scope.off.respond(b.scope, result)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r.body, maxBufferedResponse))
	_ = r.closeBody() // what it has to say comes too late for a response
	return text, err
}
