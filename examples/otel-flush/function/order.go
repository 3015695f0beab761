package main

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel"

	"github.com/go-offload/lambda/offload"
)

// order answers at once and sends the receipt after: three spans in all.
func order(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	if err := offload.After(ctx, sendReceipt.With(request.Body)); err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	return events.LambdaFunctionURLResponse{StatusCode: 201, Body: "order " + request.Body + " accepted\n"}, nil
}

// sendReceipt has a span from offloadotel, and one of its own for the mail.
var sendReceipt = offload.Define("send-receipt", func(ctx context.Context, _ string) error {
	_, span := otel.Tracer("order").Start(ctx, "smtp")
	defer span.End()
	time.Sleep(20 * time.Millisecond)
	return nil
})
