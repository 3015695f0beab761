package sqstest_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var queueBehaviours = []behaviour{
	{name: "create/again without attributes", run: func(e env) {
		url := e.queue("q", attrs{"DelaySeconds": "7"})
		if again := e.queue("q", nil); again != url {
			e.Errorf("second CreateQueue returned %s, want %s", again, url)
		}
	}},
	{name: "create/again with the same attributes", run: func(e env) {
		url := e.queue("q", attrs{"DelaySeconds": "7", "VisibilityTimeout": "9"})
		if again := e.queue("q", attrs{"VisibilityTimeout": "9", "DelaySeconds": "7"}); again != url {
			e.Errorf("second CreateQueue returned %s, want %s", again, url)
		}
	}},
	{name: "create/again with other attributes", run: func(e env) {
		e.queue("q", attrs{"DelaySeconds": "7"})
		_, err := e.create("q", attrs{"DelaySeconds": "8"})
		wantType[*types.QueueNameExists](e, err)
		wantCode(e, err, "QueueAlreadyExists")
	}},
	{name: "create/again compares what is set now", run: func(e env) {
		url := e.queue("q", attrs{"DelaySeconds": "7"})
		e.set(url, attrs{"DelaySeconds": "8"})
		e.queue("q", attrs{"DelaySeconds": "8"})
		_, err := e.create("q", attrs{"DelaySeconds": "7"})
		wantType[*types.QueueNameExists](e, err)
	}},
	{name: "create/again does not compare FIFO spelling", run: func(e env) {
		url := e.fifo("q", nil)
		if again := e.queue("q.fifo", attrs{"FifoQueue": "True", "ContentBasedDeduplication": "TRUE"}); again != url {
			e.Errorf("second CreateQueue returned %s, want %s", again, url)
		}
	}},
	{name: "create/names", run: func(e env) {
		room := 80 - len(e.prefix)
		for name, ok := range map[string]bool{
			"A-z_09":                             true,
			strings.Repeat("n", room):            true,
			strings.Repeat("n", room+1):          false,
			"with.dot":                           false,
			"with/slash":                         false,
			"with space":                         false,
			"ünder":                              false,
			"standard.fifo":                      false,
			"x":                                  true,
			strings.Repeat("n", room-5) + ".foo": false,
		} {
			_, err := e.create(name, nil)
			if ok && err != nil {
				e.Errorf("queue name %q: %v", name, err)
			}
			if !ok {
				wantCode(e, err, "InvalidParameterValue")
			}
		}
	}},
	{name: "create/FIFO names", run: func(e env) {
		room := 80 - len(e.prefix)
		for name, ok := range map[string]bool{
			"f.fifo":                              true,
			strings.Repeat("n", room-5) + ".fifo": true,
			strings.Repeat("n", room-4) + ".fifo": false,
			"plain":                               false,
			"f.FIFO":                              false,
		} {
			_, err := e.create(name, attrs{"FifoQueue": "true"})
			if ok && err != nil {
				e.Errorf("queue name %q: %v", name, err)
			}
			if !ok {
				wantCode(e, err, "InvalidParameterValue")
			}
		}
	}},
	{name: "url/by name", run: func(e env) {
		url := e.queue("q", nil)
		out, err := e.client.GetQueueUrl(e.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String(e.prefix + "q")})
		if err != nil {
			e.Fatal(err)
		}
		if *out.QueueUrl != url {
			e.Errorf("GetQueueUrl = %s, want %s", *out.QueueUrl, url)
		}
		if !strings.HasSuffix(url, "/"+e.prefix+"q") {
			e.Errorf("queue URL %s does not end in the name", url)
		}
	}},
	{name: "url/of no queue", run: func(e env) {
		_, err := e.client.GetQueueUrl(e.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String(e.prefix + "none")})
		wantType[*types.QueueDoesNotExist](e, err)
		wantCode(e, err, "AWS.SimpleQueueService.NonExistentQueue")
	}},
	{name: "url/of another account", run: func(e env) {
		e.queue("q", nil)
		_, err := e.client.GetQueueUrl(e.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String(e.prefix + "q"), QueueOwnerAWSAccountId: aws.String("999999999999")})
		wantType[*types.QueueDoesNotExist](e, err)
	}},
	{name: "url/every action without its queue", run: func(e env) {
		url := e.queue("q", nil)
		gone := strings.TrimSuffix(url, "q") + "gone"
		handle := aws.String("x")
		for name, call := range map[string]func() error{
			"SendMessage": func() error { _, err := e.trySend(gone, "x"); return err },
			"SendMessageBatch": func() error {
				_, err := e.sendBatch(gone, types.SendMessageBatchRequestEntry{Id: aws.String("1"), MessageBody: aws.String("x")})
				return err
			},
			"ReceiveMessage":          func() error { _, err := e.tryReceive(gone); return err },
			"DeleteMessage":           func() error { return e.tryDelete(gone, "x") },
			"ChangeMessageVisibility": func() error { return e.setVisibility(gone, "x", 1) },
			"SetQueueAttributes":      func() error { return e.trySet(gone, attrs{"DelaySeconds": "1"}) },
			"GetQueueAttributes": func() error {
				_, err := e.client.GetQueueAttributes(e.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &gone})
				return err
			},
			"DeleteQueue": func() error {
				_, err := e.client.DeleteQueue(e.Context(), &sqs.DeleteQueueInput{QueueUrl: &gone})
				return err
			},
			"PurgeQueue": func() error {
				_, err := e.client.PurgeQueue(e.Context(), &sqs.PurgeQueueInput{QueueUrl: &gone})
				return err
			},
			"TagQueue": func() error {
				_, err := e.client.TagQueue(e.Context(), &sqs.TagQueueInput{QueueUrl: &gone, Tags: attrs{"a": "b"}})
				return err
			},
			"DeleteMessageBatch": func() error {
				_, err := e.client.DeleteMessageBatch(e.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &gone, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("1"), ReceiptHandle: handle}}})
				return err
			},
		} {
			err := call()
			if err == nil {
				e.Errorf("%s succeeds", name)
				continue
			}
			wantType[*types.QueueDoesNotExist](e, err)
		}
	}},
	{name: "delete/queue and messages are gone", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "lost")
		if _, err := e.client.DeleteQueue(e.Context(), &sqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
			e.Fatal(err)
		}
		_, err := e.trySend(url, "x")
		wantType[*types.QueueDoesNotExist](e, err)
	}},
	{name: "delete/the name is taken for 60 s", long: true, run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "lost")
		if _, err := e.client.DeleteQueue(e.Context(), &sqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
			e.Fatal(err)
		}
		e.pass(59 * time.Second)
		_, err := e.create("q", nil)
		wantType[*types.QueueDeletedRecently](e, err)
		e.pass(time.Second)
		e.queue("q", nil)
		e.none(url)
	}},
	{name: "list/prefix", run: func(e env) {
		want := []string{e.queue("a-1", nil), e.queue("a-2", nil)}
		e.queue("b-1", nil)
		got := e.list("a-", nil, nil)
		if !slices.Equal(got.QueueUrls, want) || got.NextToken != nil {
			e.Errorf("ListQueues = %v, token %v; want %v", got.QueueUrls, aws.ToString(got.NextToken), want)
		}
	}},
	{name: "list/pages", run: func(e env) {
		var want []string
		for i := range 7 {
			want = append(want, e.queue(fmt.Sprintf("p-%d", i), nil))
		}
		var got, sizes []string
		pages := sqs.NewListQueuesPaginator(e.client, &sqs.ListQueuesInput{QueueNamePrefix: aws.String(e.prefix + "p-"), MaxResults: aws.Int32(3)})
		for pages.HasMorePages() {
			out, err := pages.NextPage(e.Context())
			if err != nil {
				e.Fatal(err)
			}
			got = append(got, out.QueueUrls...)
			sizes = append(sizes, fmt.Sprint(len(out.QueueUrls)))
		}
		if !slices.Equal(got, want) || strings.Join(sizes, " ") != "3 3 1" {
			e.Errorf("pages of %v: %v, want %v in 3 3 1", sizes, got, want)
		}
	}},
	{name: "list/bad maximum", run: func(e env) {
		for _, n := range []int32{0, 1001, -1} {
			_, err := e.client.ListQueues(e.Context(), &sqs.ListQueuesInput{MaxResults: &n})
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
	{name: "purge/visible, in flight and delayed", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "in flight")
		e.one(url)
		e.send(url, "visible")
		e.send(url, "delayed", delay(900))
		e.wantCounts(url, 1, 1, 1)
		if _, err := e.client.PurgeQueue(e.Context(), &sqs.PurgeQueueInput{QueueUrl: &url}); err != nil {
			e.Fatal(err)
		}
		e.wantCounts(url, 0, 0, 0)
		e.none(url)
	}},
	{name: "purge/once in 60 s", long: true, run: func(e env) {
		url := e.queue("q", nil)
		purge := func() error {
			_, err := e.client.PurgeQueue(e.Context(), &sqs.PurgeQueueInput{QueueUrl: &url})
			return err
		}
		if err := purge(); err != nil {
			e.Fatal(err)
		}
		e.pass(59 * time.Second)
		err := purge()
		wantType[*types.PurgeQueueInProgress](e, err)
		wantCode(e, err, "AWS.SimpleQueueService.PurgeQueueInProgress")
		e.pass(time.Second)
		if err := purge(); err != nil {
			e.Error(err)
		}
	}},
	{name: "purge/forgets deduplication", run: func(e env) {
		url := e.fifo("q", nil)
		e.send(url, "first", group("g"), dedup("d"))
		if _, err := e.client.PurgeQueue(e.Context(), &sqs.PurgeQueueInput{QueueUrl: &url}); err != nil {
			e.Fatal(err)
		}
		e.send(url, "second", group("g"), dedup("d"))
		if m := e.one(url); *m.Body != "second" {
			e.Errorf("received %q, want second", *m.Body)
		}
	}},
	{name: "sources of a dead-letter queue", run: func(e env) {
		dlq := e.queue("dlq", nil)
		policy := redrivePolicy(e.arn(dlq), 3)
		want := []string{e.queue("s-1", attrs{"RedrivePolicy": policy}), e.queue("s-2", attrs{"RedrivePolicy": policy})}
		e.queue("other", nil)
		out, err := e.client.ListDeadLetterSourceQueues(e.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &dlq})
		if err != nil {
			e.Fatal(err)
		}
		if !slices.Equal(out.QueueUrls, want) {
			e.Errorf("sources = %v, want %v", out.QueueUrls, want)
		}
		first, err := e.client.ListDeadLetterSourceQueues(e.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &dlq, MaxResults: aws.Int32(1)})
		if err != nil {
			e.Fatal(err)
		}
		second, err := e.client.ListDeadLetterSourceQueues(e.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &dlq, MaxResults: aws.Int32(1), NextToken: first.NextToken})
		if err != nil {
			e.Fatal(err)
		}
		if got := slices.Concat(first.QueueUrls, second.QueueUrls); !slices.Equal(got, want) || second.NextToken != nil {
			e.Errorf("sources by page = %v, want %v", got, want)
		}
	}},
}

func (e env) list(prefix string, most *int32, token *string) *sqs.ListQueuesOutput {
	e.Helper()
	out, err := e.client.ListQueues(e.Context(), &sqs.ListQueuesInput{QueueNamePrefix: aws.String(e.prefix + prefix), MaxResults: most, NextToken: token})
	if err != nil {
		e.Fatalf("ListQueues: %v", err)
	}
	return out
}
