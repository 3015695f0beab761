package sqs

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// Name is the name of the strategy in OFFLOAD_STRATEGY.
const Name = "sqs"

// EnvQueueURL names the environment variable with the URL of the queue.
const EnvQueueURL = "OFFLOAD_SQS_QUEUE_URL"

const (
	// MaxMessageBytes is the largest message of a queue that is not configured for less:
	// 1 MiB since August 2025, 256 KiB before (Amazon SQS API Reference, SendMessage).
	MaxMessageBytes = 1 << 20

	// MaxBatchBytes is the largest sum of the messages of one call (SendMessageBatch).
	MaxBatchBytes = 1 << 20

	// MaxBatchEntries is how many messages one call takes (SendMessageBatch).
	MaxBatchEntries = 10

	// MaxDelay is the longest DelaySeconds of a message on a standard queue.
	MaxDelay = 15 * time.Minute

	// DefaultConcurrency is how many calls one invocation has in flight.
	DefaultConcurrency = 10

	// minMessageBytes is the least that MaximumMessageSize of a queue can be (Amazon SQS
	// API Reference, SetQueueAttributes).
	minMessageBytes = 1 << 10
)

func init() { offload.RegisterSender(Name, func() driver.Sender { return New(nil) }) }

// Options are what can be set in code. What is set here wins over the environment.
type Options struct {
	// QueueURL is the URL of the queue, as GetQueueUrl returns it. Empty means the value of
	// OFFLOAD_SQS_QUEUE_URL.
	QueueURL string

	// DeadLetterQueueURL is the URL of a queue behind the same endpoint for tasks whose error is marked with
	// backoff.Permanent: a worker moves them there at once, with the reason, and does not run them again. Empty
	// means the value of OFFLOAD_SQS_DEAD_LETTER_QUEUE_URL; without either, the redrive policy of their
	// queue moves them after maxReceiveCount deliveries.
	DeadLetterQueueURL string

	// MaxMessageBytes is the MaximumMessageSize of a queue that takes less than
	// the 1,048,576 bytes which 0 stands for. It is not asked for at start: that would
	// be a call, and a permission.
	MaxMessageBytes int

	// Concurrency is how many calls one invocation may have in flight; 0 means 10. Calls
	// to a FIFO queue follow each other.
	Concurrency int

	// Client is used instead of one that is made from the environment. It should not retry
	// (RetryMaxAttempts 1), since package offload does. Its connections are its
	// owner's: see offload's own help for HTTP clients on dropping them after a freeze. In a
	// worker it should have the SDK's method ChangeMessageVisibilityBatch too.
	Client Client
}

// Client is the method of the SDK's client that is used.
type Client interface {
	SendMessageBatch(ctx context.Context, input *awssqs.SendMessageBatchInput, options ...func(*awssqs.Options)) (*awssqs.SendMessageBatchOutput, error)
}

// Strategy is the sqs strategy. It is a [driver.Sender], a [driver.VisibilityChanger], a
// [driver.DeadLetterer] and a [driver.Thawer].
// After Open it may be used concurrently.
type Strategy struct {
	options Options

	queue       queue
	deadLetters *queue // nil: none

	client Client
	http   *http.Client // nil if the client is the user's
	limits driver.Limits
}

// New makes a strategy, for offload.WithStrategies. opts may be nil. Mistakes in it show in
// Open.
func New(opts *Options) *Strategy {
	s := &Strategy{}
	if opts != nil {
		s.options = *opts
	}
	return s
}

// Name implements [driver.Strategy].
func (*Strategy) Name() string { return Name }

// Open implements [driver.Strategy]. It calls nothing.
func (s *Strategy) Open(_ context.Context, env driver.Env) error {
	text := s.options.QueueURL
	if text == "" {
		text = env.Getenv(EnvQueueURL)
	}
	var err error
	if s.queue, err = parseQueueURL(text); err != nil {
		return err
	}
	if err = s.openDeadLetters(cmp.Or(s.options.DeadLetterQueueURL, env.Getenv(EnvDeadLetterQueueURL))); err != nil {
		return err
	}
	if s.limits, err = s.options.limits(s.queue.fifo); err != nil {
		return err
	}
	s.client = s.options.Client
	if s.client != nil {
		return nil
	}
	config, err := awsclient.FromEnvironment(env.Getenv, "SQS", s.queue.region, s.limits.Concurrency*max(1, env.MaxConcurrency))
	if err != nil {
		return fmt.Errorf("sqs: %w", err)
	}
	if config.Endpoint == nil {
		config.Endpoint = s.queue.endpoint
	}
	s.http = config.HTTP
	s.client = newClient(config)
	return nil
}

// newClient takes 3 µs, so it need not wait for the first Send.
func newClient(config awsclient.Config) *awssqs.Client {
	return awssqs.New(awssqs.Options{
		Region:       config.Region,
		Credentials:  config.Credentials,
		BaseEndpoint: config.Endpoint,
		EndpointOptions: awssqs.EndpointResolverOptions{
			UseFIPSEndpoint:      config.FIPS,
			UseDualStackEndpoint: config.DualStack,
		},
		HTTPClient: config.HTTP,
		// Package offload retries, entry by entry and within the invocation's time.
		Retryer: aws.NopRetryer{},
	})
}

func (o Options) limits(fifo bool) (driver.Limits, error) {
	limits := driver.Limits{
		MessageBytes: o.MaxMessageBytes,
		BatchEntries: MaxBatchEntries,
		BatchBytes:   MaxBatchBytes,
		MaxDelay:     MaxDelay,
	}
	switch {
	case o.MaxMessageBytes == 0:
		limits.MessageBytes = MaxMessageBytes
	case o.MaxMessageBytes < minMessageBytes || o.MaxMessageBytes > MaxMessageBytes:
		return driver.Limits{}, fmt.Errorf("sqs: Options.MaxMessageBytes is %d; a queue takes between %d and %d bytes", o.MaxMessageBytes, minMessageBytes, MaxMessageBytes)
	}
	var err error
	if limits.Concurrency, err = awsclient.Concurrency(o.Concurrency, DefaultConcurrency); err != nil {
		return driver.Limits{}, fmt.Errorf("sqs: %w", err)
	}
	if fifo {
		limits.MaxDelay = 0
		limits.Ordered = true
	}
	return limits, nil
}

// Limits implements [driver.Sender].
func (s *Strategy) Limits() driver.Limits { return s.limits }

// Thaw implements [driver.Thawer].
func (s *Strategy) Thaw() {
	if s.http != nil {
		s.http.CloseIdleConnections()
	}
}
