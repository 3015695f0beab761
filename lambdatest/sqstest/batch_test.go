package sqstest_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func (e env) sendBatch(url string, entries ...types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
	return e.client.SendMessageBatch(e.Context(), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
}

func entry(id, body string) types.SendMessageBatchRequestEntry {
	return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
}

func entries(n int) []types.SendMessageBatchRequestEntry {
	var out []types.SendMessageBatchRequestEntry
	for i := range n {
		out = append(out, entry(fmt.Sprintf("id-%d", i), fmt.Sprintf("body-%d", i)))
	}
	return out
}

// failures are the failed entries as "id code senderFault".
func failures(failed []types.BatchResultErrorEntry) []string {
	var out []string
	for _, f := range failed {
		out = append(out, fmt.Sprintf("%s %s %v", *f.Id, *f.Code, f.SenderFault))
	}
	return out
}

var batchBehaviours = []behaviour{
	{name: "batch/ten of each", run: func(e env) {
		url := e.queue("q", nil)
		out, err := e.sendBatch(url, entries(10)...)
		if err != nil {
			e.Fatal(err)
		}
		if len(out.Successful) != 10 || len(out.Failed) != 0 {
			e.Fatalf("%d successful, failed %v", len(out.Successful), failures(out.Failed))
		}
		got := e.receive(url)
		if len(got) != 10 {
			e.Fatalf("received %v, want ten", bodies(got))
		}
		var change []types.ChangeMessageVisibilityBatchRequestEntry
		var remove []types.DeleteMessageBatchRequestEntry
		for i, m := range got {
			id := aws.String(fmt.Sprint(i))
			change = append(change, types.ChangeMessageVisibilityBatchRequestEntry{Id: id, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0})
			remove = append(remove, types.DeleteMessageBatchRequestEntry{Id: id, ReceiptHandle: m.ReceiptHandle})
		}
		changed, err := e.client.ChangeMessageVisibilityBatch(e.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: change})
		if err != nil || len(changed.Successful) != 10 {
			e.Fatalf("ChangeMessageVisibilityBatch: %v, %v", changed, err)
		}
		e.wantCounts(url, 10, 0, 0)
		removed, err := e.client.DeleteMessageBatch(e.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: remove})
		if err != nil || len(removed.Successful) != 10 {
			e.Fatalf("DeleteMessageBatch: %v, %v", removed, err)
		}
		e.wantCounts(url, 0, 0, 0)
	}},
	{name: "batch/refused as a whole", run: func(e env) {
		url := e.queue("q", nil)
		_, err := e.sendBatch(url, []types.SendMessageBatchRequestEntry{}...) // the SDK refuses nil itself
		wantCode(e, err, "AWS.SimpleQueueService.EmptyBatchRequest")
		wantType[*types.EmptyBatchRequest](e, err)
		_, err = e.sendBatch(url, entries(11)...)
		wantType[*types.TooManyEntriesInBatchRequest](e, err)
		_, err = e.sendBatch(url, entry("same", "a"), entry("same", "b"))
		wantType[*types.BatchEntryIdsNotDistinct](e, err)
		for _, bad := range []string{"", "with space", "dot.ted", strings.Repeat("i", 81)} {
			_, err = e.sendBatch(url, entry("good", "a"), entry(bad, "b"))
			wantType[*types.InvalidBatchEntryId](e, err)
		}
		e.wantCounts(url, 0, 0, 0)
	}},
	{name: "batch/refused as a whole, other actions", run: func(e env) {
		url := e.queue("q", nil)
		handle := aws.String("h")
		var tooMany []types.DeleteMessageBatchRequestEntry
		for i := range 11 {
			tooMany = append(tooMany, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: handle})
		}
		_, err := e.client.DeleteMessageBatch(e.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: tooMany})
		wantType[*types.TooManyEntriesInBatchRequest](e, err)
		_, err = e.client.ChangeMessageVisibilityBatch(e.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{}})
		wantType[*types.EmptyBatchRequest](e, err)
	}},
	{name: "batch/largest total", run: func(e env) {
		url := e.queue("q", nil)
		half := strings.Repeat("x", maxSize/2)
		if _, err := e.sendBatch(url, entry("1", half), entry("2", half)); err != nil {
			e.Fatal(err)
		}
		_, err := e.sendBatch(url, entry("1", half), entry("2", half+"x"))
		wantType[*types.BatchRequestTooLong](e, err)
		big := entry("2", half)
		big.MessageAttributes = map[string]types.MessageAttributeValue{"a": text("v")}
		_, err = e.sendBatch(url, entry("1", half), big)
		wantType[*types.BatchRequestTooLong](e, err)
	}},
	{name: "batch/far too large", run: func(e env) {
		url := e.queue("q", nil)
		var ten []types.SendMessageBatchRequestEntry
		for i := range 10 {
			ten = append(ten, entry(fmt.Sprint(i), strings.Repeat("x", maxSize)))
		}
		_, err := e.sendBatch(url, ten...)
		wantType[*types.BatchRequestTooLong](e, err)
	}},
	{name: "batch/entries fail alone", run: func(e env) {
		url := e.queue("q", attrs{"MaximumMessageSize": "1024"})
		badDelay := entry("delay", "x")
		badDelay.DelaySeconds = 901
		badAttribute := entry("attribute", "x")
		badAttribute.MessageAttributes = map[string]types.MessageAttributeValue{"a": text("")}
		out, err := e.sendBatch(url, entry("ok", "x"), entry("size", strings.Repeat("x", 1025)), entry("characters", "\x01"), badDelay, badAttribute)
		if err != nil {
			e.Fatal(err)
		}
		want := []string{"size InvalidParameterValue true", "characters InvalidMessageContents true", "delay InvalidParameterValue true", "attribute InvalidParameterValue true"}
		if got := failures(out.Failed); !slices.Equal(got, want) {
			e.Errorf("failed %v, want %v", got, want)
		}
		if len(out.Successful) != 1 || *out.Successful[0].Id != "ok" {
			e.Errorf("successful %v, want ok", out.Successful)
		}
		if got := bodies(e.receive(url)); !slices.Equal(got, []string{"x"}) {
			e.Errorf("received %v, want the good one", got)
		}
	}},
	{name: "batch/deletes fail alone", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url)
		out, err := e.client.DeleteMessageBatch(e.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{
			{Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")}, {Id: aws.String("good"), ReceiptHandle: m.ReceiptHandle},
		}})
		if err != nil {
			e.Fatal(err)
		}
		if got := failures(out.Failed); !slices.Equal(got, []string{"bad ReceiptHandleIsInvalid true"}) {
			e.Errorf("failed %v", got)
		}
		e.wantCounts(url, 0, 0, 0)
	}},
	{name: "batch/visibility changes fail alone", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url)
		out, err := e.client.ChangeMessageVisibilityBatch(e.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
			{Id: aws.String("bad"), ReceiptHandle: aws.String("garbage")}, {Id: aws.String("long"), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 43_201}, {Id: aws.String("good"), ReceiptHandle: m.ReceiptHandle},
		}})
		if err != nil {
			e.Fatal(err)
		}
		if got := failures(out.Failed); !slices.Equal(got, []string{"bad ReceiptHandleIsInvalid true", "long InvalidParameterValue true"}) {
			e.Errorf("failed %v", got)
		}
		e.wantCounts(url, 1, 0, 0)
	}},
	{name: "batch/FIFO order and parameters", run: func(e env) {
		url := e.fifo("q", attrs{"ContentBasedDeduplication": "false"})
		var batch []types.SendMessageBatchRequestEntry
		for i := range 10 {
			b := entry(fmt.Sprint(i), fmt.Sprint(i))
			b.MessageGroupId, b.MessageDeduplicationId = aws.String("g"), aws.String(fmt.Sprint(i))
			batch = append(batch, b)
		}
		out, err := e.sendBatch(url, batch...)
		if err != nil {
			e.Fatal(err)
		}
		for i, s := range out.Successful {
			if i > 0 && *s.SequenceNumber <= *out.Successful[i-1].SequenceNumber {
				e.Errorf("sequence number %s after %s", *s.SequenceNumber, *out.Successful[i-1].SequenceNumber)
			}
		}
		if got := strings.Join(bodies(e.receive(url)), ""); got != "0123456789" {
			e.Errorf("received %s", got)
		}
		// SQS refuses the whole batch for these.
		noGroup, noDedup := entry("a", "x"), entry("a", "x")
		noGroup.MessageDeduplicationId, noDedup.MessageGroupId = aws.String("new"), aws.String("g")
		for _, bad := range []types.SendMessageBatchRequestEntry{noGroup, noDedup} {
			_, err := e.sendBatch(url, bad)
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
}
