// Program bare is aws-lambda-go without offload.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(_ context.Context, in map[string]string) (map[string]string, error) { return in, nil })
}
