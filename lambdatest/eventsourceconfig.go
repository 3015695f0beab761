package lambdatest

import (
	"net/http"
	"net/url"
	"time"
)

// QueueMapping says how the messages of an SQS queue reach a function: the settings of an event source mapping. Only
// QueueURL is required. The numbers are those of "Using Lambda with Amazon SQS" in the AWS Lambda Developer Guide.
type QueueMapping struct {
	// QueueURL of the queue, standard or FIFO.
	QueueURL string
	// Endpoint is the URL of an SQS endpoint that speaks the AWS JSON protocol, for example sqstest.Server.URL. Default:
	// Function.SQSEndpoint, and if that is empty too, scheme and host of QueueURL.
	Endpoint string
	// Client makes the requests; with a transport that signs them it also reaches an endpoint that wants signatures, which
	// are placeholders otherwise. It must not limit the time of a request to less than a minute. Default: a client of its own.
	Client *http.Client

	// BatchSize is how many messages one invocation gets at most: 1 to 10, and to 10,000 for a standard queue with a
	// BatchWindow. Fewer travel together where the event would exceed MaxPayload. Default 10.
	BatchSize int
	// BatchWindow is how long messages are collected, from the first on, before a batch that is not full is handed over:
	// whole seconds, up to 300, standard queues only. SQS waits in whole seconds as well, so that a window may last up to a
	// second longer; on AWS it may become 20 s. Default 0: a batch is what one request to the queue returned.
	BatchWindow time.Duration
	// ReportBatchItemFailures takes the function's response for a list of the messages that failed; the others are deleted.
	// Without it the response counts for nothing, and an invocation that fails keeps the whole batch in the queue.
	ReportBatchItemFailures bool
	// MaximumConcurrency bounds how many batches the function has at a time: 2 to 1,000. Default 0: as many as the backlog
	// calls for, up to 1,250. There are five to begin with, and one more for each 200 ms in which all are at work (300 a
	// minute, the most that AWS adds); fewer after failures and throttles; and five again when a poll of 20 s was in vain, or
	// after Enable.
	MaximumConcurrency int
}

const (
	defaultBatchSize       = 10
	maxReceive             = 10 // of one ReceiveMessage
	maxWindowedBatch       = 10_000
	maxBatchWindow         = 300 * time.Second
	minMaximumConcurrency  = 2
	maxMaximumConcurrency  = 1_000
	defaultBatchesInFlight = 1_250
)

// withDefaults returns a checked copy. What depends on the queue is checked by checkQueue.
func (m QueueMapping) withDefaults() (QueueMapping, error) {
	u, err := url.Parse(m.QueueURL)
	if err != nil || m.QueueURL == "" {
		return m, invalidParameter("QueueMapping.QueueURL %q is not the URL of a queue", m.QueueURL)
	}
	if m.Endpoint == "" {
		m.Endpoint = u.Scheme + "://" + u.Host
	}
	if e, err := url.Parse(m.Endpoint); err != nil || e.Host == "" || e.Scheme != "http" && e.Scheme != "https" {
		return m, invalidParameter("SQS endpoint %q: want a URL such as http://127.0.0.1:9324, in QueueMapping.Endpoint or as the "+
			"beginning of QueueURL", m.Endpoint)
	}
	if m.BatchSize == 0 {
		m.BatchSize = defaultBatchSize
	}
	switch {
	case m.BatchWindow < 0 || m.BatchWindow > maxBatchWindow || m.BatchWindow%time.Second != 0:
		return m, invalidParameter("QueueMapping.BatchWindow is %v, want whole seconds from 0 to %v", m.BatchWindow, maxBatchWindow)
	case m.BatchSize < 1 || m.BatchSize > maxWindowedBatch:
		return m, invalidParameter("QueueMapping.BatchSize is %d, want 1 to %d", m.BatchSize, maxWindowedBatch)
	case m.BatchSize > maxReceive && m.BatchWindow == 0:
		return m, invalidParameter("QueueMapping.BatchSize is %d; more than %d need a BatchWindow of at least 1 s", m.BatchSize, maxReceive)
	case m.MaximumConcurrency != 0 && (m.MaximumConcurrency < minMaximumConcurrency || m.MaximumConcurrency > maxMaximumConcurrency):
		return m, invalidParameter("QueueMapping.MaximumConcurrency is %d, want %d to %d, or 0 for no limit of its own",
			m.MaximumConcurrency, minMaximumConcurrency, maxMaximumConcurrency)
	}
	return m, nil
}

// checkQueue refuses what does not fit the queue.
func (m QueueMapping) checkQueue(q queueInfo, functionTimeout time.Duration) error {
	switch {
	case q.fifo && m.BatchWindow > 0:
		return invalidParameter("QueueMapping.BatchWindow is %v; FIFO queues take none", m.BatchWindow)
	case q.fifo && m.BatchSize > maxReceive:
		return invalidParameter("QueueMapping.BatchSize is %d; FIFO queues take 1 to %d", m.BatchSize, maxReceive)
	case functionTimeout > q.visibility:
		return invalidParameter("Queue visibility timeout: %v is less than Function timeout: %v; AWS advises six times the "+
			"function's timeout, plus the batch window", q.visibility, functionTimeout)
	}
	return nil
}
