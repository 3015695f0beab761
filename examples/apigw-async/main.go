// Command apigw-async is a Lambda function that knows nothing of deferred work: API Gateway answers 202 in
// its place and invokes it asynchronously.
//
// See README.md for the gateway's side and for when this is enough.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Report is the body that the client sent; the gateway passes nothing else on, unless its mapping template does.
type Report struct {
	Name string `json:"name"`
}

func build(ctx context.Context, r Report) error {
	slog.InfoContext(ctx, "building", "report", r.Name)
	d, err := time.ParseDuration(os.Getenv("BUILD_TIME"))
	if err != nil {
		d = 5 * time.Second
	}
	select {
	case <-time.After(d):
		slog.InfoContext(ctx, "built", "report", r.Name)
		return nil
	case <-ctx.Done():
		return ctx.Err() // Lambda tries twice more, then the on-failure destination gets the event
	}
}

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	lambda.Start(build)
}
