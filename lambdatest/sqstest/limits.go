package sqstest

import "time"

// Limits of the service. "API" is the SQS API reference, "DG" the SQS developer guide.
const (
	maxMessageBytes  = 1_048_576 // API SendMessage: body and attributes of one message, and all of a batch
	minMessageBytes  = 1_024     // API CreateQueue: smallest MaximumMessageSize
	maxBatchEntries  = 10        // API SendMessageBatch
	maxReceive       = 10        // API ReceiveMessage: MaxNumberOfMessages
	maxAttributes    = 10        // DG sqs-message-metadata: attributes of one message
	maxAttributeName = 256       // DG sqs-message-metadata: characters; the type has the same limit
	maxFIFOID        = 128       // API SendMessage: MessageGroupId, MessageDeduplicationId
	maxQueueName     = 80        // API CreateQueue: the .fifo suffix counts
	maxBatchEntryID  = 80        // API SendMessageBatchRequestEntry
	maxListResults   = 1_000     // API ListQueues
	maxMoveRate      = 500       // API StartMessageMoveTask: messages a second
	maxMoveResults   = 10        // API ListMessageMoveTasks
	maxReceiveCount  = 1_000     // DG: maxReceiveCount of a redrive policy
	maxRedriveARNs   = 10        // API CreateQueue: sourceQueueArns
	maxTagKey        = 128       // DG quotas-queues: characters
	maxTagValue      = 256       // DG quotas-queues: characters
	maxLabel         = 80        // API AddPermission
	maxPolicyActions = 7         // API AddPermission: actions a statement

	maxDelay      = 15 * time.Minute    // API SendMessage: DelaySeconds
	maxVisibility = 12 * time.Hour      // API ChangeMessageVisibility: in total since the receive
	maxWait       = 20 * time.Second    // API ReceiveMessage: WaitTimeSeconds
	minRetention  = time.Minute         // API CreateQueue: MessageRetentionPeriod
	maxRetention  = 14 * 24 * time.Hour // API CreateQueue: MessageRetentionPeriod

	defaultVisibility = 30 * time.Second   // API CreateQueue
	defaultRetention  = 4 * 24 * time.Hour // API CreateQueue

	dedupInterval   = 5 * time.Minute  // API SendMessage: MessageDeduplicationId
	attemptInterval = 5 * time.Minute  // API ReceiveMessage: ReceiveRequestAttemptId
	purgeInterval   = 60 * time.Second // API PurgeQueue: one at a time, up to 60 s each
	recreateDelay   = 60 * time.Second // API DeleteQueue: wait before the name is used again

	// defaultMaxInFlight is the quota of DG quotas-queues and quotas-fifo; real queues reach it approximately.
	defaultMaxInFlight = 120_000

	// maxRequestBytes bounds what one request may make the server hold. Ten full
	// messages in one batch still fit, so that the answer is BatchRequestTooLong as
	// on SQS; what SQS answers beyond that is not documented.
	maxRequestBytes = 16 << 20
)
