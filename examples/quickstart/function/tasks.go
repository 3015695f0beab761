package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"
)

// sendReceipt mails the customer. A pause stands for the mail service.
func sendReceipt(ctx context.Context, _ Order) error {
	return pause(ctx, 200*time.Millisecond)
}

// writeAudit appends a row. A pause stands for the database in front of the file.
func writeAudit(ctx context.Context, order Order) (err error) {
	if err := pause(ctx, 120*time.Millisecond); err != nil {
		return err
	}
	f, err := os.OpenFile(os.Getenv("AUDIT_FILE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = fmt.Fprintf(f, "order %s items %d\n", order.ID, len(order.Items))
	return err
}

// callWebhook tells a partner, who takes his time to answer.
func callWebhook(ctx context.Context, order Order) error {
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("WEBHOOK_URL"), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the webhook answered %s", resp.Status)
	}
	return nil
}

// logged writes a line when the task begins and one when it ends; the quickstart
// draws its timeline from them.
func logged(name string, task func(context.Context, Order) error) func(context.Context, Order) error {
	return func(ctx context.Context, order Order) error {
		log := slog.With("task", name, "order", order.ID)
		log.InfoContext(ctx, "task started")
		if err := task(ctx, order); err != nil {
			log.ErrorContext(ctx, "task failed", "error", err)
			return err
		}
		log.InfoContext(ctx, "task done")
		return nil
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
