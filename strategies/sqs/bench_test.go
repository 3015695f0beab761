package sqs_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/sqs"
)

// newBenchServer answers with what it would cost nothing to compute: ten successes.
func newBenchServer(b *testing.B) string {
	b.Helper()
	var successful []result
	for i := range 10 {
		successful = append(successful, result{ID: strconv.Itoa(i), MessageID: "00000000-0000-0000-0000-000000000000"})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answerResults(w, successful, nil)
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// BenchmarkSend is ten messages of 1 kB in one call, beside the same call written by
// hand with the SDK's defaults.
func BenchmarkSend(b *testing.B) {
	var batch []driver.Message
	for i := range 10 {
		id := strconv.Itoa(i)
		batch = append(batch, driver.Message{ID: id, Task: "task", Body: envelope(b, id, 1, `"`+strings.Repeat("x", 750)+`"`)})
	}
	b.Run("strategy", func(b *testing.B) {
		s := open(b, newBenchServer(b)+"/123456789012/tasks", nil)
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			if errs := s.Send(ctx, batch); errs != nil {
				b.Fatal(errs)
			}
		}
	})
	b.Run("by-hand", func(b *testing.B) {
		url := newBenchServer(b)
		ctx := context.Background()
		client := awssqs.New(awssqs.Options{
			Region:       "eu-central-1",
			BaseEndpoint: aws.String(url),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
			}),
		})
		b.ReportAllocs()
		for b.Loop() {
			input := &awssqs.SendMessageBatchInput{QueueUrl: aws.String(url + "/123456789012/tasks")}
			for i := range batch {
				input.Entries = append(input.Entries, types.SendMessageBatchRequestEntry{
					Id:          aws.String(strconv.Itoa(i)),
					MessageBody: aws.String(string(batch[i].Body)),
				})
			}
			if out, err := client.SendMessageBatch(ctx, input); err != nil || len(out.Failed) > 0 {
				b.Fatal(out, err)
			}
		}
	})
}

// BenchmarkOpen shows why the client is not built lazily.
func BenchmarkOpen(b *testing.B) {
	env := lambdaenv.New(url(standardURL))
	b.ReportAllocs()
	for b.Loop() {
		if err := sqs.New(nil).Open(context.Background(), env); err != nil {
			b.Fatal(err)
		}
	}
}
