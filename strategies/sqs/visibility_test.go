package sqs_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/sqs"
)

// receive takes n messages from a queue and gives their receipts by body.
func receive(t *testing.T, server *sqstest.Server, url string, n int) map[string]string {
	t.Helper()
	client := awssqs.New(awssqs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL()), HTTPClient: server.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	receipts := map[string]string{}
	for len(receipts) < n {
		out, err := client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 600})
		if err != nil || len(out.Messages) == 0 {
			t.Fatalf("received %d of %d messages: %v", len(receipts), n, err)
		}
		for _, m := range out.Messages {
			receipts[*m.Body] = *m.ReceiptHandle
		}
	}
	return receipts
}

func TestChangeVisibility(t *testing.T) {
	t.Parallel()
	server, queue := newQueue(t, "other", nil)
	url, err := server.CreateQueue("tasks", nil)
	if err != nil {
		t.Fatal(err)
	}
	other := open(t, url, nil) // sends to tasks, works for both
	for _, name := range []string{"other", "tasks"} {
		s := open(t, server.Queue(name).URL(), nil)
		const n = 23
		for i := range n {
			send(t, s, message(t, strconv.Itoa(i)))
		}
		var changes []driver.Visibility
		want := map[string]time.Duration{}
		for body, receipt := range receive(t, server, server.Queue(name).URL(), n) {
			// Rounded up, or some would come early.
			timeout := time.Duration(len(changes))*100*time.Second + time.Millisecond
			changes = append(changes, driver.Visibility{Receipt: receipt, Timeout: timeout})
			want[body] = timeout
		}
		before := time.Now()
		if err := other.ChangeVisibility(t.Context(), server.Queue(name).ARN(), changes); err != nil {
			t.Fatal(err)
		}
		snapshot := server.Queue(name).Snapshot()
		for _, m := range snapshot.Messages {
			hidden := m.VisibleAt.Sub(before)
			if least := want[m.Body]; hidden < least || hidden > least+time.Minute {
				t.Errorf("%s: a message is hidden for %v, want %v", name, hidden, least)
			}
		}
		if calls := snapshot.Requests["ChangeMessageVisibilityBatch"].Calls; calls != 3 {
			t.Errorf("%s: %d calls for %d messages", name, calls, n)
		}
	}
	if queue.Counts().Total() != 23 {
		t.Error("messages are gone")
	}
}

// What no further call will change is permanent; the rest is about the messages.
func TestChangeVisibilityFails(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:sqs:eu-central-1:123456789012:tasks"
	change := []driver.Visibility{{Receipt: "receipt", Timeout: time.Second}}
	for name, c := range map[string]struct {
		answer    http.HandlerFunc
		permanent bool
		says      string
	}{
		"no permission":      {answerError(403, "AccessDenied"), true, "sqs:ChangeMessageVisibility"},
		"no permission, new": {answerError(400, "AccessDeniedException"), true, "sqs:ChangeMessageVisibility"},
		"throttled":          {answerError(400, "ThrottlingException"), false, "/123456789012/tasks"},
		"broken":             {answerError(500, "InternalFailure"), false, "/123456789012/tasks"},
		"one message": {func(w http.ResponseWriter, _ *http.Request) {
			answerResults(w, nil, []result{{ID: "0", Code: "ReceiptHandleIsInvalid", SenderFault: true}})
		}, false, "ReceiptHandleIsInvalid"},
	} {
		s, requests := scripted(t, c.answer)
		err := s.ChangeVisibility(t.Context(), arn, change)
		if err == nil || isPermanent(err) != c.permanent || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, permanent: %t", name, err, isPermanent(err))
		}
		if got := requests.Load(); got != 1 {
			t.Errorf("%s: %d requests", name, got)
		}
	}

	for name, c := range map[string]struct {
		client sqs.Client
		arn    string
	}{
		"a client without the method": {&fakeClient{}, arn},
		"another region":              {nil, "arn:aws:sqs:us-east-1:123456789012:tasks"},
		"not the ARN of a queue":      {nil, "arn:aws:sns:eu-central-1:123456789012:tasks"},
		"no ARN":                      {nil, "tasks"},
	} {
		s := open(t, standardURL, &sqs.Options{Client: c.client})
		if err := s.ChangeVisibility(t.Context(), c.arn, change); !isPermanent(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChangeVisibilityEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server, queue := newQueue(t, "tasks", nil)
	server.Inject(sqstest.Fault{Action: "ChangeMessageVisibilityBatch", Latency: time.Minute})
	s := open(t, queue.URL(), nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.ChangeVisibility(ctx, queue.ARN(), []driver.Visibility{{Receipt: "receipt"}}); err == nil || isPermanent(err) {
		t.Errorf("ChangeVisibility = %v", err)
	}
}
