package offload_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/sqs"
)

// keyed defers a task from wherever it runs, as its input says.
var keyed *offload.Definition[keyedInput]

type keyedInput struct{ ID, Key, Again string }

func init() {
	keyed = offload.Define("deduplication-test", func(ctx context.Context, in keyedInput) error {
		if in.Again == "" {
			return nil
		}
		return deferKeyed(ctx, keyedInput{in.Again, in.Key, ""})
	})
}

func deferKeyed(ctx context.Context, in keyedInput) error {
	return offload.After(ctx, keyed.With(in), offload.ID(in.ID), offload.Deduplication(in.Key))
}

func TestDeduplicationKey(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("i", driver.MaxIDBytes)
	hop := func(n int) func(*driver.Envelope) { return func(e *driver.Envelope) { e.Hops = n } }
	handled := func(in keyedInput) []byte {
		event, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		return event
	}
	delivered := func(in keyedInput, change ...func(*driver.Envelope)) []byte {
		return envelope(t, "deduplication-test", in.ID, string(handled(in)), change...)
	}
	for name, c := range map[string]struct {
		event []byte
		want  string
	}{
		"first hop":                      {handled(keyedInput{ID: "a"}), "a"},
		"first hop, key of the user":     {handled(keyedInput{ID: "a", Key: "order-9"}), "order-9"},
		"deferred by a task":             {delivered(keyedInput{ID: "a", Again: "b"}, hop(3)), "b.4"},
		"deferred by a task of its ID":   {delivered(keyedInput{ID: "a", Again: "a"}), "a.2"},
		"deferred by a task, with a key": {delivered(keyedInput{ID: "a", Again: "b", Key: "order-9"}, hop(3)), "order-9"},
		"sent on": {
			delivered(keyedInput{ID: "a"}, dueIn(10*time.Minute), hop(2)), "a.3",
		},
		"sent on, with a key": {
			delivered(keyedInput{ID: "a"}, dueIn(10*time.Minute), func(e *driver.Envelope) { e.Deduplication = "order-9" }), "a.2",
		},
		"longest ID": {
			delivered(keyedInput{ID: longest}, dueIn(10*time.Minute), hop(13)), longest + ".14",
		},
	} {
		f := wrap(t, &post{limits: driver.Limits{MaxDelay: 15 * time.Minute}}, deferKeyed)
		// A repeated invocation, as a repeated delivery, makes the same key.
		for range 2 {
			if _, err := f.call(t.Context(), c.event); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		sent := f.post.take()
		if len(sent) != 2 || sent[0].Deduplication != c.want || sent[1].Deduplication != c.want {
			t.Errorf("%s: sent %+v, want the key %q twice", name, sent, c.want)
		}
	}
}

// What a FIFO queue stores within its five minutes: repeats once, and each hop.
func TestDeduplicationInAQueue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   keyedInput
		want []string // IDs of what is in the queue
	}{
		"without a key":                       {keyedInput{ID: "a", Again: "b"}, []string{"a", "b"}},
		"a task that defers itself":           {keyedInput{ID: "a", Again: "a"}, []string{"a", "a"}},
		"the key of the task that defers it":  {keyedInput{ID: "a", Again: "b", Key: "order-9"}, []string{"a"}},
		"the key, on a task that defers none": {keyedInput{ID: "a", Key: "order-9"}, []string{"a"}},
	} {
		server := sqstest.Start(t, nil)
		url, err := server.CreateQueue("tasks.fifo", map[string]string{"FifoQueue": "true"})
		if err != nil {
			t.Fatal(err)
		}
		client := awssqs.New(awssqs.Options{
			BaseEndpoint: aws.String(server.URL()), Region: "eu-central-1", HTTPClient: server.Client(),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
			}),
		})
		f := wrapStrategy(t, sqs.New(&sqs.Options{QueueURL: url, Client: client}), deferKeyed)
		event, err := json.Marshal(c.in)
		if err != nil {
			t.Fatal(err)
		}
		bodies := func() (bodies []string) {
			for _, m := range server.Queue("tasks.fifo").Snapshot().Messages {
				bodies = append(bodies, m.Body)
			}
			return bodies
		}
		deliver := func(event []byte) {
			if _, err := f.call(t.Context(), event); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		deliver(event)
		deliver(event) // Lambda repeats it
		first := bodies()
		if len(first) != 1 {
			t.Fatalf("%s: %d messages of a repeated invocation", name, len(first))
		}
		deliver([]byte(first[0]))
		deliver([]byte(first[0])) // the queue delivers it twice
		var ids []string
		for _, body := range bodies() {
			e, err := driver.Decode([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, e.ID)
		}
		if !slices.Equal(ids, c.want) {
			t.Errorf("%s: in the queue %v, want %v", name, ids, c.want)
		}
	}
}
