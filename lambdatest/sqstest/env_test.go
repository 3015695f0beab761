package sqstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// env is a server and an SDK client of it.
type env struct {
	*testing.T
	srv    *sqstest.Server
	client *sqs.Client
}

// inBubble runs a test against a server in a synctest bubble: minutes and days of
// SQS pass at once, and every wait is exact.
func inBubble(t *testing.T, opts *sqstest.Options, test func(env)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := sqstest.Options{}
		if opts != nil {
			o = *opts
		}
		o.InMemory = true
		srv := sqstest.Start(t, &o)
		test(env{t, srv, newClient(srv)})
	})
}

// newClient is the real SDK client, one attempt per call unless told otherwise.
func newClient(srv *sqstest.Server, more ...func(*sqs.Options)) *sqs.Client {
	return sqs.New(sqs.Options{
		BaseEndpoint: aws.String(srv.URL()),
		Region:       "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		HTTPClient:       srv.Client(),
		RetryMaxAttempts: 1,
	}, more...)
}

type attrs = map[string]string

// queue creates a queue and returns its URL.
func (e env) queue(name string, attributes attrs) string {
	e.Helper()
	out, err := e.client.CreateQueue(e.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		e.Fatalf("CreateQueue %s: %v", name, err)
	}
	return *out.QueueUrl
}

func (e env) fifo(name string, attributes attrs) string {
	e.Helper()
	all := attrs{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	for k, v := range attributes {
		all[k] = v
	}
	return e.queue(name+".fifo", all)
}

func (e env) send(url, body string, more ...func(*sqs.SendMessageInput)) *sqs.SendMessageOutput {
	e.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}
	for _, f := range more {
		f(in)
	}
	out, err := e.client.SendMessage(e.Context(), in)
	if err != nil {
		e.Fatalf("SendMessage %.40q: %v", body, err)
	}
	return out
}

func group(id string) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) { in.MessageGroupId = &id }
}

func dedup(id string) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) { in.MessageDeduplicationId = &id }
}

func delay(seconds int32) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) { in.DelaySeconds = seconds }
}

func (e env) receive(url string, more ...func(*sqs.ReceiveMessageInput)) []types.Message {
	e.Helper()
	in := &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10}
	for _, f := range more {
		f(in)
	}
	out, err := e.client.ReceiveMessage(e.Context(), in)
	if err != nil {
		e.Fatalf("ReceiveMessage: %v", err)
	}
	return out.Messages
}

func atMost(n int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = n }
}

func hidden(seconds int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.VisibilityTimeout = seconds }
}

func waiting(seconds int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = seconds }
}

func allAttributes(in *sqs.ReceiveMessageInput) {
	in.MessageAttributeNames = []string{"All"}
	in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}
}

// one receives exactly one message.
func (e env) one(url string, more ...func(*sqs.ReceiveMessageInput)) types.Message {
	e.Helper()
	got := e.receive(url, more...)
	if len(got) != 1 {
		e.Fatalf("received %d messages %v, want 1", len(got), bodies(got))
	}
	return got[0]
}

// none asserts that nothing can be received.
func (e env) none(url string, more ...func(*sqs.ReceiveMessageInput)) {
	e.Helper()
	if got := e.receive(url, more...); len(got) != 0 {
		e.Fatalf("received %v, want nothing", bodies(got))
	}
}

func (e env) delete(url string, m types.Message) {
	e.Helper()
	if err := e.tryDelete(url, *m.ReceiptHandle); err != nil {
		e.Fatalf("DeleteMessage: %v", err)
	}
}

func (e env) tryDelete(url, handle string) error {
	_, err := e.client.DeleteMessage(e.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: &handle})
	return err
}

func (e env) setVisibility(url, handle string, seconds int32) error {
	_, err := e.client.ChangeMessageVisibility(e.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &url, ReceiptHandle: &handle, VisibilityTimeout: seconds,
	})
	return err
}

func (e env) set(url string, attributes attrs) {
	e.Helper()
	if err := e.trySet(url, attributes); err != nil {
		e.Fatalf("SetQueueAttributes %v: %v", attributes, err)
	}
}

func (e env) trySet(url string, attributes attrs) error {
	_, err := e.client.SetQueueAttributes(e.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: attributes})
	return err
}

func (e env) attributes(url string) attrs {
	e.Helper()
	out, err := e.client.GetQueueAttributes(e.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		e.Fatalf("GetQueueAttributes: %v", err)
	}
	return out.Attributes
}

// counts returns visible, in flight and delayed as the API tells them.
func (e env) counts(url string) [3]int {
	e.Helper()
	a := e.attributes(url)
	var n [3]int
	for i, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		v, err := strconv.Atoi(a[name])
		if err != nil {
			e.Fatalf("%s: %v", name, err)
		}
		n[i] = v
	}
	return n
}

func (e env) wantCounts(url string, visible, inFlight, delayed int) {
	e.Helper()
	if got, want := e.counts(url), [3]int{visible, inFlight, delayed}; got != want {
		e.Errorf("visible, in flight, delayed = %v, want %v", got, want)
	}
}

func redrivePolicy(arn string, maxReceive int) string {
	b, _ := json.Marshal(map[string]any{"deadLetterTargetArn": arn, "maxReceiveCount": maxReceive})
	return string(b)
}

func bodies(messages []types.Message) []string {
	var out []string
	for _, m := range messages {
		out = append(out, *m.Body)
	}
	return out
}

// wantCode asserts the error code that the SDK reports.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Errorf("error %v, want API error %s", err, code)
		return
	}
	if api.ErrorCode() != code {
		t.Errorf("error code %s (%s), want %s", api.ErrorCode(), api.ErrorMessage(), code)
	}
}

// wantMessage asserts code and wording.
func wantMessage(t testing.TB, err error, code, message string) {
	t.Helper()
	wantCode(t, err, code)
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorMessage() != message {
		t.Errorf("error message\n%s\nwant\n%s", api.ErrorMessage(), message)
	}
}

// wantType asserts that the SDK made its typed error of it.
func wantType[E error](t testing.TB, err error) {
	t.Helper()
	var typed E
	if !errors.As(err, &typed) {
		t.Errorf("error %v (%T), want %T", err, err, typed)
	}
}

// pass lets time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func sqstestStart(t *testing.T) *sqstest.Server {
	t.Helper()
	return sqstest.Start(t, nil)
}
