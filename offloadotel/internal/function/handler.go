package main

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel"

	"github.com/go-offload/lambda/offload"
)

// charge asks a card network, in a span of its own.
var charge = offload.Define("charge", func(ctx context.Context, order string) error {
	ctx, span := otel.Tracer("function").Start(ctx, "card network")
	defer span.End()
	select {
	case <-time.After(60 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
})

// handle does what the body says.
func handle(ctx context.Context, request events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLResponse, error) {
	_, span := otel.Tracer("function").Start(ctx, "reserve stock")
	<-time.After(15 * time.Millisecond)
	span.End()
	var err error
	switch request.Body {
	case "nothing":
	case "deaf":
		err = offload.After(ctx, offload.Func("deaf", func(context.Context) error { select {} }))
	default:
		err = offload.After(ctx, charge.With("A-1042"))
	}
	switch request.Body {
	case "error":
		return nil, errors.New("the handler failed")
	case "panic":
		panic("the handler panicked")
	}
	return &events.LambdaFunctionURLResponse{StatusCode: 201, Body: "A-1042"}, err
}
