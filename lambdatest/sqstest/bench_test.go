package sqstest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

func benchEnv(b *testing.B) (env, string) {
	b.Helper()
	srv := sqstest.Start(b, nil)
	e := env{TB: b, client: newClient(srv)}
	return e, e.queue("bench", nil)
}

// Through the SDK and a socket: mostly the SDK.
func BenchmarkSendMessage(b *testing.B) {
	e, url := benchEnv(b)
	b.ReportAllocs()
	for b.Loop() {
		e.send(url, "hello")
	}
}

func BenchmarkSendMessageBatch10(b *testing.B) {
	e, url := benchEnv(b)
	batch := entries(10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.sendBatch(url, batch...); err != nil {
			b.Fatal(err)
		}
	}
}

// One round: ten messages sent, received and deleted, in three requests.
func BenchmarkRound10(b *testing.B) {
	e, url := benchEnv(b)
	batch := entries(10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.sendBatch(url, batch...); err != nil {
			b.Fatal(err)
		}
		var remove []types.DeleteMessageBatchRequestEntry
		for _, m := range e.receive(url) {
			remove = append(remove, types.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
		}
		out, err := e.client.DeleteMessageBatch(e.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: aws.String(url), Entries: remove})
		if err != nil || len(out.Successful) != 10 {
			b.Fatalf("deleted %v, %v", out, err)
		}
	}
}

// The server alone, without a socket or the SDK: what it adds to a test.
func BenchmarkServer(b *testing.B) {
	batch, err := json.Marshal(map[string]any{"QueueUrl": "bench", "Entries": entries(10)})
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct{ name, target, body string }{
		{"SendMessage", "AmazonSQS.SendMessage", `{"QueueUrl":"bench","MessageBody":"hello"}`},
		{"SendMessageBatch10", "AmazonSQS.SendMessageBatch", string(batch)},
		{"ReceiveEmpty", "AmazonSQS.ReceiveMessage", `{"QueueUrl":"empty","MaxNumberOfMessages":10}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			srv := sqstest.Start(b, nil)
			for _, name := range []string{"bench", "empty"} {
				if _, err := srv.CreateQueue(name, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/", strings.NewReader(bench.body))
				req.Header.Set("X-Amz-Target", bench.target)
				rec := httptest.NewRecorder()
				srv.ServeHTTP(rec, req)
				if rec.Code != http.StatusOK {
					b.Fatal(rec.Body)
				}
			}
		})
	}
}
