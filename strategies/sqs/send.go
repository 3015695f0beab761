package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// Send implements [driver.Sender] with one call of SendMessageBatch.
func (s *Strategy) Send(ctx context.Context, batch []driver.Message) []error {
	entries := make([]types.SendMessageBatchRequestEntry, len(batch))
	bodies := make([]string, len(batch)) // one allocation for what entries point to
	for i := range batch {
		bodies[i] = text(batch[i].Body)
		entries[i].MessageBody = &bodies[i]
		s.fill(&entries[i], i, &batch[i])
	}
	output, err := s.client.SendMessageBatch(ctx, &awssqs.SendMessageBatchInput{
		QueueUrl: aws.String(s.queue.url),
		Entries:  entries,
	})
	if err != nil {
		return repeat(awsclient.Explain("sqs: send to "+s.queue.url, err, help), len(batch))
	}
	return results(output, len(batch))
}

func (s *Strategy) fill(entry *types.SendMessageBatchRequestEntry, i int, m *driver.Message) {
	entry.Id = aws.String(strconv.Itoa(i))
	if s.queue.fifo {
		entry.MessageGroupId = aws.String(fifoGroup(m))
		entry.MessageDeduplicationId = aws.String(m.Deduplication)
	} else {
		if m.Group != "" {
			entry.MessageGroupId = aws.String(m.Group)
		}
		// Rounded up: a message that came early would only be sent again.
		entry.DelaySeconds = int32((m.Delay + time.Second - 1) / time.Second)
	}
	if m.TraceHeader != "" {
		entry.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			string(types.MessageSystemAttributeNameForSendsAWSTraceHeader): {
				DataType:    aws.String("String"),
				StringValue: aws.String(m.TraceHeader),
			},
		}
	}
}

// text is a body as the SDK wants it, without a copy: nobody changes a body while Send runs, and the SDK keeps
// nothing of it. The copies would be a tenth of the garbage of a hundred tasks.
func text(body []byte) string {
	return unsafe.String(unsafe.SliceData(body), len(body))
}

// errNoResult is for messages of which SQS says neither the one nor the other.
var errNoResult = errors.New("sqs: no result for the message in the answer to SendMessageBatch")

// results gives each message its own error; it does not take a message for stored
// because nothing is said against it.
func results(output *awssqs.SendMessageBatchOutput, n int) []error {
	errs := repeat(errNoResult, n)
	for i := range output.Successful {
		if at, ok := entryIndex(output.Successful[i].Id, n); ok {
			errs[at] = nil
		}
	}
	for i := range output.Failed {
		failed := &output.Failed[i]
		if at, ok := entryIndex(failed.Id, n); ok {
			errs[at] = entryError(failed)
		}
	}
	if !slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		return nil
	}
	return errs
}

func entryIndex(id *string, n int) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < n
}

// entryError is not to be tried again if SQS says that it is the sender's fault. A
// throttle is, in its words, but passes.
func entryError(failed *types.BatchResultErrorEntry) error {
	api := &smithy.GenericAPIError{
		Code:    aws.ToString(failed.Code),
		Message: aws.ToString(failed.Message),
		Fault:   smithy.FaultServer,
	}
	if failed.SenderFault {
		api.Fault = smithy.FaultClient
	}
	err := fmt.Errorf("sqs: message refused: %w", api)
	if failed.SenderFault && !awsclient.IsThrottle(api) {
		return backoff.Permanent(err)
	}
	return err
}

// help is for the two mistakes that everybody makes once.
var help = map[string]string{
	"AccessDenied":                            needsSendMessage,
	"AccessDeniedException":                   needsSendMessage,
	"AWS.SimpleQueueService.NonExistentQueue": noQueue,
	"QueueDoesNotExist":                       noQueue,
}

const (
	needsSendMessage = "the function's role needs sqs:SendMessage on the queue"
	noQueue          = "there is no such queue in that account and region"
)

func repeat(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}
