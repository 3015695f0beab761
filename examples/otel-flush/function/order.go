package main

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel"

	"github.com/go-offload/lambda/offload"
)

// order answers at once and sends the receipt after: three spans in all.
func order(ctx context.Context, request events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	id := request.Body
	if request.IsBase64Encoded { // a function URL encodes what curl -d sends, a form
		decoded, err := base64.StdEncoding.DecodeString(id)
		if err != nil {
			return events.LambdaFunctionURLResponse{StatusCode: 400}, nil //nolint:nilerr // the client is told
		}
		id = string(decoded)
	}
	if err := offload.After(ctx, sendReceipt.With(id)); err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	return events.LambdaFunctionURLResponse{StatusCode: 201, Body: "order " + id + " accepted\n"}, nil
}

// sendReceipt has a span from offloadotel, and one of its own for the mail.
var sendReceipt = offload.Define("send-receipt", func(ctx context.Context, _ string) error {
	_, span := otel.Tracer("order").Start(ctx, "smtp")
	defer span.End()
	time.Sleep(20 * time.Millisecond)
	return nil
})
