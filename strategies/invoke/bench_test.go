package invoke_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/invoke"
)

// BenchmarkSend is one task of 1 kB, beside the same call written by hand with the SDK's
// defaults.
func BenchmarkSend(b *testing.B) {
	m := message(b, "1", `"`+strings.Repeat("x", 750)+`"`)
	b.Run("strategy", func(b *testing.B) {
		endpoint, _ := serve(b, accept)
		s := open(b, endpoint)
		batch := []driver.Message{m}
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			if errs := s.Send(ctx, batch); errs != nil {
				b.Fatal(errs)
			}
		}
	})
	b.Run("by-hand", func(b *testing.B) {
		endpoint, _ := serve(b, accept)
		client := lambda.New(lambda.Options{
			Region:       "eu-central-1",
			BaseEndpoint: aws.String(endpoint),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
			}),
		})
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			_, err := client.Invoke(ctx, &lambda.InvokeInput{
				FunctionName:   aws.String("greeter"),
				InvocationType: types.InvocationTypeEvent,
				Payload:        m.Body,
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOpen shows why the client is not built lazily.
func BenchmarkOpen(b *testing.B) {
	env := lambdaenv.New(nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := invoke.New(nil).Open(context.Background(), env); err != nil {
			b.Fatal(err)
		}
	}
}
