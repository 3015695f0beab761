package main

import (
	"bytes"
	"context"
	"io"

	"github.com/aws/aws-lambda-go/events"
)

// streamed is the handler behind a function URL in the mode RESPONSE_STREAM.
func streamed(h handler) func(context.Context, events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
	return func(ctx context.Context, r events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
		body, err := serve(ctx, h, r)
		if err != nil {
			return nil, err
		}
		return &events.LambdaFunctionURLStreamingResponse{
			StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"},
			Body: io.NopCloser(bytes.NewReader(body)),
		}, nil
	}
}
