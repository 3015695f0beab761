package sqstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// env is an SQS endpoint and a client of it. Tests of behaviour use nothing else, so
// that they can also be run against another implementation.
type env struct {
	testing.TB
	client *sqs.Client
	prefix string              // of queue names, where several tests share one server
	pass   func(time.Duration) // lets time go by
}

// behaviour is one thing that SQS does.
type behaviour struct {
	name string
	run  func(env)
	// long ones take minutes or days, which only a bubble has.
	long bool
}

// suite is every behaviour, by area.
func suite() []behaviour {
	return slices.Concat(
		queueBehaviours, attributeBehaviours, tagBehaviours, permissionBehaviours,
		sendBehaviours, contentBehaviours, receiveBehaviours, pollBehaviours, deleteBehaviours, visibilityBehaviours,
		batchBehaviours, fifoBehaviours, dedupBehaviours, redriveBehaviours, moveBehaviours, retentionBehaviours, fairBehaviours,
	)
}

// TestBehaviours runs the suite against this package, each in a bubble: minutes and
// days pass at once, and every wait is exact.
func TestBehaviours(t *testing.T) {
	t.Parallel()
	for _, b := range suite() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, func(e env, _ *sqstest.Server) { b.run(e) })
		})
	}
}

// inBubble runs a test against a server in a synctest bubble.
func inBubble(t *testing.T, opts *sqstest.Options, test func(env, *sqstest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := sqstest.Options{}
		if opts != nil {
			o = *opts
		}
		o.InMemory = true
		srv := sqstest.Start(t, &o)
		test(env{TB: t, client: newClient(srv), pass: func(d time.Duration) { <-time.After(d) }}, srv)
	})
}

// newClient is the real SDK client, one attempt per call unless told otherwise.
func newClient(srv *sqstest.Server, more ...func(*sqs.Options)) *sqs.Client {
	return newClientOf(srv.URL(), srv.Client(), more...)
}

func newClientOf(url string, h *http.Client, more ...func(*sqs.Options)) *sqs.Client {
	return sqs.New(sqs.Options{
		BaseEndpoint: &url,
		Region:       "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		HTTPClient:       h,
		RetryMaxAttempts: 1,
	}, more...)
}

type attrs = map[string]string

// queue creates a queue and returns its URL.
func (e env) queue(name string, attributes attrs) string {
	e.Helper()
	url, err := e.create(name, attributes)
	if err != nil {
		e.Fatalf("CreateQueue %s: %v", name, err)
	}
	return url
}

func (e env) create(name string, attributes attrs) (string, error) {
	out, err := e.client.CreateQueue(e.Context(), &sqs.CreateQueueInput{QueueName: aws.String(e.prefix + name), Attributes: attributes})
	if err != nil {
		return "", err
	}
	return *out.QueueUrl, nil
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
	out, err := e.trySend(url, body, more...)
	if err != nil {
		e.Fatalf("SendMessage %.40q: %v", body, err)
	}
	return out
}

func (e env) trySend(url, body string, more ...func(*sqs.SendMessageInput)) (*sqs.SendMessageOutput, error) {
	in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}
	for _, f := range more {
		f(in)
	}
	return e.client.SendMessage(e.Context(), in)
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
	messages, err := e.tryReceive(url, more...)
	if err != nil {
		e.Fatalf("ReceiveMessage: %v", err)
	}
	return messages
}

func (e env) tryReceive(url string, more ...func(*sqs.ReceiveMessageInput)) ([]types.Message, error) {
	in := &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10}
	for _, f := range more {
		f(in)
	}
	out, err := e.client.ReceiveMessage(e.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
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

// arn is the ARN of a queue.
func (e env) arn(url string) string {
	e.Helper()
	return e.attributes(url)["QueueArn"]
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
func wantCode(tb testing.TB, err error, code string) {
	tb.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		tb.Errorf("error %v, want API error %s", err, code)
		return
	}
	if api.ErrorCode() != code {
		tb.Errorf("error code %s (%s), want %s", api.ErrorCode(), api.ErrorMessage(), code)
	}
}

// wantMessage asserts code and wording.
func wantMessage(tb testing.TB, err error, code, message string) {
	tb.Helper()
	wantCode(tb, err, code)
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorMessage() != message {
		tb.Errorf("error message\n%s\nwant\n%s", api.ErrorMessage(), message)
	}
}

// wantType asserts that the SDK made its typed error of it.
func wantType[E error](tb testing.TB, err error) {
	tb.Helper()
	var typed E
	if !errors.As(err, &typed) {
		tb.Errorf("error %v (%T), want %T", err, err, typed)
	}
}

// setHeader makes the SDK send a header of its own.
func setHeader(name, value string) func(*middleware.Stack) error {
	return smithyhttp.SetHeaderValue(name, value)
}
