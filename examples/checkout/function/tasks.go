package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/go-offload/lambda/offload"
)

// The tasks. They run in the sandbox that took the order, or in the worker; they do not know
// which, and it is the same code.
var (
	// receipt is quick.
	receipt = offload.Define("receipt", func(ctx context.Context, o Order) error {
		return call(ctx, "receipts", o)
	})

	// points needs a service that is not always there.
	points = offload.Define("points", func(ctx context.Context, o Order) error {
		return call(ctx, "points", o)
	}, offload.MaxAttempts(2))

	// invoice takes longer than the function has.
	invoice = offload.Define("invoice", func(ctx context.Context, o Order) error {
		select {
		case <-time.After(renderTime):
			return call(ctx, "invoices", o)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
)

// renderTime stands for the work of making a PDF.
const renderTime = 2500 * time.Millisecond

var client = &http.Client{Timeout: 5 * time.Second}

// call tells the back office. A task may run more than once, so the task's ID goes with the
// request: it is the same each time, and the back office does the work once.
func call(ctx context.Context, what string, o Order) (err error) {
	info, ok := offload.TaskFromContext(ctx)
	if !ok {
		return errors.New("called outside a task")
	}
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("BACKOFFICE_URL")+"/"+what, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", info.ID)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the back office answered %s", resp.Status)
	}
	return nil
}
