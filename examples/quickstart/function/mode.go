package main

import (
	"context"
	"errors"
	"sync"

	"github.com/go-offload/lambda/offload"
)

// The three tasks. A name and an input that marshals to JSON are all it takes, so
// that another strategy could send them to a queue instead.
var (
	receipt = offload.Define("send-receipt", logged("send-receipt", sendReceipt))
	audit   = offload.Define("audit-row", logged("audit-row", writeAudit))
	webhook = offload.Define("webhook", logged("webhook", callWebhook))
)

// deferred is the way of this library: the tasks run after the response is out and
// before Lambda freezes the environment. After only accepts them; it does not wait.
func deferred(ctx context.Context, order Order) error {
	return errors.Join(
		offload.After(ctx, receipt.With(order)),
		offload.After(ctx, audit.With(order)),
		offload.After(ctx, webhook.With(order)),
	)
}

// inline makes the client wait for the slowest task. It runs all three at once, so
// that the comparison is about when the work is done and about nothing else.
func inline(ctx context.Context, order Order) error {
	var wg sync.WaitGroup
	errs := make([]error, len(plain))
	for i, task := range plain {
		wg.Go(func() { errs[i] = task(ctx, order) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// naive is the mistake: nothing keeps the environment awake for these goroutines, so
// they are frozen with it, until another request happens to thaw it, or for ever.
func naive(ctx context.Context, order Order) error {
	for _, task := range plain {
		go func() { _ = task(context.WithoutCancel(ctx), order) }()
	}
	return nil
}

// plain are the tasks as ordinary functions, for the two ways without this library.
var plain = []func(context.Context, Order) error{
	logged("send-receipt", sendReceipt),
	logged("audit-row", writeAudit),
	logged("webhook", callWebhook),
}

// modes are the values of the environment variable MODE.
var modes = map[string]func(context.Context, Order) error{
	"offload": deferred,
	"inline":  inline,
	"naive":   naive,
}
