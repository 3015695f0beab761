package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// MaxVisibility is the longest visibility timeout, counted from when the message was received
// (Amazon SQS API Reference, ChangeMessageVisibility).
const MaxVisibility = 12 * time.Hour

// visibilityClient is the further method that a worker needs of the client.
type visibilityClient interface {
	ChangeMessageVisibilityBatch(ctx context.Context, input *awssqs.ChangeMessageVisibilityBatchInput, options ...func(*awssqs.Options)) (*awssqs.ChangeMessageVisibilityBatchOutput, error)
}

var (
	errNoVisibility = errors.New("sqs: Options.Client has no method ChangeMessageVisibilityBatch")
	errOtherRegion  = errors.New("sqs: the client calls another region")
)

// ChangeVisibility implements [driver.VisibilityChanger] with a call of
// ChangeMessageVisibilityBatch for every ten messages, Options.Concurrency of them at once.
func (s *Strategy) ChangeVisibility(ctx context.Context, queueARN string, changes []driver.Visibility) error {
	client, ok := s.client.(visibilityClient)
	if !ok {
		return backoff.Permanent(errNoVisibility)
	}
	queueURL, err := s.queue.sibling(queueARN)
	if err != nil {
		return backoff.Permanent(err)
	}
	var (
		mu     sync.Mutex
		failed []error
		all    sync.WaitGroup
		slots  = make(chan struct{}, max(1, s.limits.Concurrency))
	)
	for batch := range slices.Chunk(changes, MaxBatchEntries) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := changeBatch(ctx, client, queueURL, batch); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

func changeBatch(ctx context.Context, client visibilityClient, queueURL string, batch []driver.Visibility) error {
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(batch))
	for i := range batch {
		timeout := min(max(0, batch[i].Timeout), MaxVisibility)
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
			Id:                aws.String(strconv.Itoa(i)),
			ReceiptHandle:     aws.String(batch[i].Receipt),
			VisibilityTimeout: int32((timeout + time.Second - 1) / time.Second),
		}
	}
	output, err := client.ChangeMessageVisibilityBatch(ctx, &awssqs.ChangeMessageVisibilityBatchInput{
		QueueUrl: aws.String(queueURL),
		Entries:  entries,
	})
	if err != nil {
		return explainVisibility(err, queueURL)
	}
	var failed []error
	for i := range output.Failed {
		failed = append(failed, fmt.Errorf("sqs: visibility of a message of %s: %s: %s", queueURL, aws.ToString(output.Failed[i].Code), aws.ToString(output.Failed[i].Message)))
	}
	return errors.Join(failed...)
}

// explainVisibility marks what no further call will change. Other refusals may be about
// the messages of this one.
func explainVisibility(err error, queueURL string) error {
	switch awsclient.Code(err) {
	case "AccessDenied", "AccessDeniedException":
		return backoff.Permanent(fmt.Errorf("sqs: visibility of messages of %s: %w; the worker's role needs sqs:ChangeMessageVisibility on the queue", queueURL, err))
	}
	return fmt.Errorf("sqs: visibility of messages of %s: %w", queueURL, err)
}

// sibling gives the URL of a queue that messages came from, which may be another
// one than tasks are sent to, behind the same endpoint.
func (q *queue) sibling(queueARN string) (string, error) {
	a, err := arn.Parse(queueARN)
	if err != nil || a.Service != "sqs" || !isQueueName(a.Resource) {
		return "", fmt.Errorf("sqs: %q is not the ARN of a queue", queueARN)
	}
	if q.region != "" && q.region != a.Region {
		return "", fmt.Errorf("%w: %s and not that of %s", errOtherRegion, q.region, queueARN)
	}
	path := "/" + a.AccountID + "/" + a.Resource
	if strings.HasSuffix(q.url, path) {
		return q.url, nil
	}
	u, err := url.Parse(q.url)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrQueueURL, err)
	}
	u.Path = path
	return u.String(), nil
}
