package sqstest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// FuzzEndpoint sends any body to any target of a server that holds some messages,
// twice, and wants a well-formed answer: what the action returns or an AWS error.
func FuzzEndpoint(f *testing.F) {
	for _, seed := range []struct{ target, body string }{
		{"AmazonSQS.CreateQueue", `{"QueueName":"new","Attributes":{"DelaySeconds":"5","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:123456789012:q\",\"maxReceiveCount\":3}"},"tags":{"a":"b"}}`},
		{"AmazonSQS.SetQueueAttributes", `{"QueueUrl":"q","Attributes":{"Policy":"{}","RedriveAllowPolicy":"{\"redrivePermission\":\"denyAll\"}"}}`},
		{"AmazonSQS.GetQueueAttributes", `{"QueueUrl":"http://sqs.test/123456789012/q","AttributeNames":["All"]}`},
		{"AmazonSQS.GetQueueUrl", `{"QueueName":"q"}`},
		{"AmazonSQS.ListQueues", `{"MaxResults":1,"NextToken":"cQ=="}`},
		{"AmazonSQS.ListDeadLetterSourceQueues", `{"QueueUrl":"dlq"}`},
		{"AmazonSQS.PurgeQueue", `{"QueueUrl":"q"}`},
		{"AmazonSQS.DeleteQueue", `{"QueueUrl":"f.fifo"}`},
		{"AmazonSQS.TagQueue", `{"QueueUrl":"q","Tags":{"k":"v"}}`},
		{"AmazonSQS.UntagQueue", `{"QueueUrl":"q","TagKeys":["k"]}`},
		{"AmazonSQS.ListQueueTags", `{"QueueUrl":"q"}`},
		{"AmazonSQS.AddPermission", `{"QueueUrl":"q","Label":"l","AWSAccountIds":["123456789012"],"Actions":["SendMessage"]}`},
		{"AmazonSQS.RemovePermission", `{"QueueUrl":"q","Label":"l"}`},
		{"AmazonSQS.SendMessage", `{"QueueUrl":"q","MessageBody":"x","DelaySeconds":1,"MessageAttributes":{"n":{"DataType":"Number","StringValue":"1e3"},"b":{"DataType":"Binary","BinaryValue":"AAE="}},"MessageSystemAttributes":{"AWSTraceHeader":{"DataType":"String","StringValue":"Root=1"}}}`},
		{"AmazonSQS.SendMessage", `{"QueueUrl":"f.fifo","MessageBody":"x","MessageGroupId":"g","MessageDeduplicationId":"d"}`},
		{"AmazonSQS.SendMessageBatch", `{"QueueUrl":"q","Entries":[{"Id":"1","MessageBody":"x"},{"Id":"2","MessageBody":"\u0001"}]}`},
		{"AmazonSQS.ReceiveMessage", `{"QueueUrl":"q","MaxNumberOfMessages":10,"AttributeNames":["All"],"MessageAttributeNames":["a.*"],"VisibilityTimeout":0}`},
		{"AmazonSQS.ReceiveMessage", `{"QueueUrl":"f.fifo","WaitTimeSeconds":1,"ReceiveRequestAttemptId":"a"}`},
		{"AmazonSQS.DeleteMessage", `{"QueueUrl":"q","ReceiptHandle":"AQEBAAAAAAAAAAEAAAAAAAAAAQAAAAEAAAAA"}`},
		{"AmazonSQS.DeleteMessageBatch", `{"QueueUrl":"q","Entries":[{"Id":"1","ReceiptHandle":"h"}]}`},
		{"AmazonSQS.ChangeMessageVisibility", `{"QueueUrl":"q","ReceiptHandle":"h","VisibilityTimeout":0}`},
		{"AmazonSQS.ChangeMessageVisibilityBatch", `{"QueueUrl":"q","Entries":[{"Id":"1","ReceiptHandle":"h","VisibilityTimeout":1}]}`},
		{"AmazonSQS.StartMessageMoveTask", `{"SourceArn":"arn:aws:sqs:us-east-1:123456789012:dlq","MaxNumberOfMessagesPerSecond":1}`},
		{"AmazonSQS.ListMessageMoveTasks", `{"SourceArn":"arn:aws:sqs:us-east-1:123456789012:dlq","MaxResults":10}`},
		{"AmazonSQS.CancelMessageMoveTask", `{"TaskHandle":"eyJ0YXNrSWQiOiJ4Iiwic291cmNlQXJuIjoieSJ9"}`},
		{"AmazonSQS.Nothing", `[]`},
		{"", "Action=ListQueues"},
	} {
		f.Add(seed.target, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, target string, body []byte) {
		srv := sqstest.Start(t, &sqstest.Options{InMemory: true})
		for _, name := range []string{"dlq", "q", "f.fifo"} {
			attributes := map[string]string{}
			switch name {
			case "q":
				attributes["RedrivePolicy"] = redrivePolicy(srv.Queue("dlq").ARN(), 1)
			case "f.fifo":
				attributes["FifoQueue"] = "true"
			}
			if _, err := srv.CreateQueue(name, attributes); err != nil {
				t.Fatal(err)
			}
			serve(t, srv, "AmazonSQS.SendMessage", []byte(`{"QueueUrl":"`+name+`","MessageBody":"x","MessageGroupId":"g"`+map[bool]string{true: `,"MessageDeduplicationId":"d"`}[name == "f.fifo"]+`}`))
		}
		for range 2 {
			serve(t, srv, target, body)
		}
		for _, name := range srv.Queues() {
			if snap := srv.Queue(name).Snapshot(); len(snap.Messages) != snap.Total() {
				t.Errorf("%s counts %d messages and has %d", name, snap.Total(), len(snap.Messages))
			}
		}
	})
}

// serve gives the server one request and checks the form of the answer.
func serve(t *testing.T, srv *sqstest.Server, target string, body []byte) {
	t.Helper()
	// A long poll is abandoned, which is no answer at all.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(string(body)))
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header["X-Amz-Target"] = []string{target}
	rec := httptest.NewRecorder()
	srv.ServeHTTP(rec, req)
	if ctx.Err() != nil {
		return
	}
	switch rec.Code {
	case http.StatusOK:
		if rec.Body.Len() > 0 && !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%s %q is answered with %q", target, body, rec.Body)
		}
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound:
		var e struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil || e.Type == "" || e.Message == "" {
			t.Errorf("%s %q is answered with %d %q", target, body, rec.Code, rec.Body)
		}
	default:
		t.Errorf("%s %q is answered with %d %q", target, body, rec.Code, rec.Body)
	}
}
