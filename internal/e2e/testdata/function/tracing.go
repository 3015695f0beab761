package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// tracing has the shape of the wrappers of OpenTelemetry and Datadog: a
// lambda.Handler that calls the one inside as bytes.
type tracing struct{ handler any }

func (t tracing) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return lambda.NewHandler(t.handler).Invoke(ctx, payload)
}
