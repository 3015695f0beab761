package offload_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/strategies/sqs"
)

// mapping does by hand what an event source mapping does with partial batch responses.
type mapping struct {
	client *awssqs.Client
	url    string
	arn    string
	fifo   bool
}

// deliver invokes the function with one batch and deletes what it did not report. It
// returns the number of messages in the batch.
func (m *mapping) deliver(t *testing.T, f *function) int {
	t.Helper()
	out, err := m.client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{
		QueueUrl: &m.url, MaxNumberOfMessages: 10,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Messages) == 0 {
		return 0
	}
	var batch []message
	for _, received := range out.Messages {
		receives, err := strconv.Atoi(received.Attributes["ApproximateReceiveCount"])
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, message{
			id: *received.MessageId, body: *received.Body, group: received.Attributes["MessageGroupId"],
			receives: receives, receipt: *received.ReceiptHandle, queue: m.arn,
		})
	}
	failed := f.failures(t, sqsEvent(m.fifo, batch...))
	for _, received := range out.Messages {
		if slices.Contains(failed, *received.MessageId) {
			continue
		}
		if _, err := m.client.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &m.url, ReceiptHandle: received.ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
	return len(batch)
}

// Tasks go through a queue and back: those that succeed leave it, those that fail are
// tried until the redrive policy moves them to the dead-letter queue.
func TestThroughAQueue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		suffix   string
		buries   bool // the worker itself moves what has failed for good
		attempts int  // how often that is tried
	}{
		"standard":         {"", false, 3},
		"FIFO":             {".fifo", false, 3},
		"standard, buries": {"", true, 1},
		"FIFO, buries":     {".fifo", true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suffix := c.suffix
			forget(t)
			server := sqstest.Start(t, nil)
			attributes := map[string]string{"VisibilityTimeout": "36000"}
			if suffix != "" {
				attributes["FifoQueue"] = "true"
			}
			dead, err := server.CreateQueue("dead"+suffix, attributes)
			if err != nil {
				t.Fatal(err)
			}
			if !c.buries {
				dead = ""
			}
			attributes["RedrivePolicy"] = `{"deadLetterTargetArn":"` + server.Queue("dead"+suffix).ARN() + `","maxReceiveCount":3}`
			url, err := server.CreateQueue("tasks"+suffix, attributes)
			if err != nil {
				t.Fatal(err)
			}
			client := awssqs.New(awssqs.Options{
				BaseEndpoint: aws.String(server.URL()),
				Region:       "eu-central-1",
				HTTPClient:   server.Client(),
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
				}),
			})
			f := wrapStrategy(t, sqs.New(&sqs.Options{QueueURL: url, DeadLetterQueueURL: dead, Client: client}), func(ctx context.Context, in []work) error {
				for _, w := range in {
					if err := offload.After(ctx, worker.With(w), offload.ID(w.Name)); err != nil {
						return err
					}
				}
				return nil
			}, offload.WithLogger(slog.New(slog.DiscardHandler)))

			in, err := json.Marshal([]work{{t.Name(), "good", ""}, {t.Name(), "nesting", "nest"}, {t.Name(), "bad", "fail"}, {t.Name(), "hopeless", "never"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.call(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			m := &mapping{client, url, server.Queue("tasks" + suffix).ARN(), suffix != ""}
			for range 20 { // more than it takes, and far below the visibility timeout
				if m.deliver(t, f) == 0 {
					server.Advance(time.Minute)
				}
			}

			if left := server.Queue("tasks" + suffix).Counts().Total(); left != 0 {
				t.Errorf("%d messages left", left)
			}
			ran := doneIn(t)
			slices.Sort(ran)
			want := append([]string{"bad", "bad", "bad", "good"}, slices.Repeat([]string{"hopeless"}, c.attempts)...)
			if want = append(want, "nesting", "nesting/nested"); !slices.Equal(ran, want) {
				t.Errorf("ran %v, want %v", ran, want)
			}
			if info := seenBy(t, "bad"); info.Attempt != 3 || info.Hops != 1 {
				t.Errorf("the last attempt saw %+v", info)
			}
			if info := seenBy(t, "nesting/nested"); info.Attempt != 1 || info.Hops != 2 {
				t.Errorf("the nested task saw %+v", info)
			}
			reasons := 0
			letters := server.Queue("dead" + suffix).Snapshot().Messages
			for _, m := range letters {
				if strings.Contains(m.Attributes[sqs.AttributeErrorMessage], errWork.Error()) {
					reasons++
				}
			}
			if len(letters) != 2 || (reasons == 1) != c.buries {
				t.Errorf("%d dead letters, %d of them with a reason", len(letters), reasons)
			}
		})
	}
}
