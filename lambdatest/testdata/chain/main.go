// Command chain is a Lambda function that invokes itself asynchronously, through AWS's SDK, as often as its event says.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

type link struct {
	Left int `json:"left"`
}

func main() {
	client := sdk.New(sdk.Options{
		Region: os.Getenv("AWS_REGION"), BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_LAMBDA")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		}),
	})
	lambda.Start(func(ctx context.Context, l link) (int, error) {
		if l.Left == 0 {
			return 0, nil
		}
		payload, err := json.Marshal(link{l.Left - 1})
		if err != nil {
			return 0, err
		}
		_, err = client.Invoke(ctx, &sdk.InvokeInput{
			FunctionName: aws.String(os.Getenv("AWS_LAMBDA_FUNCTION_NAME")), InvocationType: types.InvocationTypeEvent, Payload: payload,
		})
		return l.Left, err
	})
}
