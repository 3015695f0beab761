package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// EnvDeadLetterQueueURL names the environment variable with the URL of the queue for tasks that
// failed for good.
const EnvDeadLetterQueueURL = "OFFLOAD_SQS_DEAD_LETTER_QUEUE_URL"

// Message attributes of a dead letter: those that Lambda gives to the dead letters of asynchronous invocations
// (Lambda Developer Guide, "Dead-letter queues"), of which ErrorMessage has the first kilobyte, or what there is room
// for beside the body.
const (
	AttributeErrorMessage = "ErrorMessage"
	AttributeRequestID    = "RequestID"

	maxErrorMessageBytes = 1 << 10
)

// openDeadLetters checks the queue for dead letters, if there is one: it is called with the client of the other.
func (s *Strategy) openDeadLetters(url string) error {
	if url == "" {
		return nil
	}
	q, err := parseQueueURL(url)
	if err != nil {
		return fmt.Errorf("dead-letter queue: %w", err)
	}
	if q.region != s.queue.region || aws.ToString(q.endpoint) != aws.ToString(s.queue.endpoint) {
		return fmt.Errorf("dead-letter queue: %w: %s is not behind the same endpoint as %s", ErrQueueURL, url, s.queue.url)
	}
	s.deadLetters = &q
	return nil
}

// DeadLetter implements [driver.DeadLetterer] with one call of SendMessageBatch.
func (s *Strategy) DeadLetter(ctx context.Context, letter driver.DeadLetter) error {
	if s.deadLetters == nil {
		return errors.ErrUnsupported
	}
	entry := types.SendMessageBatchRequestEntry{
		Id:                aws.String("0"),
		MessageBody:       aws.String(string(letter.Body)),
		MessageAttributes: attributes(letter, MaxMessageBytes-len(letter.Body)),
	}
	if s.deadLetters.fifo {
		entry.MessageGroupId = aws.String(fifoGroup(&letter.Message))
		entry.MessageDeduplicationId = aws.String(letter.Deduplication)
	}
	output, err := s.client.SendMessageBatch(ctx, &awssqs.SendMessageBatchInput{
		QueueUrl: aws.String(s.deadLetters.url),
		Entries:  []types.SendMessageBatchRequestEntry{entry},
	})
	if err != nil {
		return awsclient.Explain("sqs: dead letter to "+s.deadLetters.url, err, help)
	}
	return errors.Join(results(output, 1)...)
}

// attributes gives those that fit into room: name, type and value of each count towards the size of the message.
func attributes(letter driver.DeadLetter, room int) map[string]types.MessageAttributeValue {
	const dataType = "String"
	fit := map[string]types.MessageAttributeValue{}
	add := func(name, text string, least int) {
		limit := min(maxErrorMessageBytes, room-len(name)-len(dataType))
		if limit < least {
			return
		}
		value := printable(text, limit)
		room -= len(name) + len(dataType) + len(value)
		fit[name] = types.MessageAttributeValue{DataType: aws.String(dataType), StringValue: aws.String(value)}
	}
	if letter.RequestID != "" { // part of it would be of no use
		add(AttributeRequestID, letter.RequestID, min(len(letter.RequestID), maxErrorMessageBytes))
	}
	add(AttributeErrorMessage, letter.Reason, len(noReason))
	return fit
}

// noReason is the value of an attribute that SQS would not take empty.
const noReason = "unknown"

// printable makes the value of an attribute of any text: SQS takes at least one character, and
// those of XML only.
func printable(text string, limit int) string {
	var b strings.Builder
	for _, r := range text { // what is no UTF-8 comes as U+FFFD
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > limit {
			break
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return noReason
	}
	return b.String()
}
