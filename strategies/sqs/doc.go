// Package sqs sends tasks to an Amazon SQS queue, from which another invocation runs
// them. Link it with a blank import and select it with OFFLOAD_STRATEGY=sqs and
// OFFLOAD_SQS_QUEUE_URL.
//
// # Mechanism
//
// The tasks of an invocation leave in batches of up to ten with SendMessageBatch, by
// default before the response, so that a client that sees success knows its work to be
// stored. An event source mapping gives them to a function that runs them: this one,
// which recognises its own envelopes, or one made with offload.StartWorker. The
// message body is the envelope, a CloudEvent in JSON; there are no message attributes,
// since each would count towards the size and repeat what the body says. The X-Ray trace
// header travels as the system attribute AWSTraceHeader, which does not count.
//
// Calls go to the region of the queue's URL, with the credentials that Lambda puts into the
// environment. AWS_ENDPOINT_URL_SQS and AWS_ENDPOINT_URL redirect them; a queue URL
// of another host than sqs.REGION.amazonaws.com, such as a VPC endpoint, is called
// at that host. For everything else set [Options].Client.
//
// # Delivery
//
// At least once. SQS may deliver a message twice, and a send whose answer got lost is
// repeated, so tasks must tolerate duplicates; the task's ID is the same in all of them.
//
// On a standard queue order is not kept. A group becomes the MessageGroupId of a fair
// queue: it shares out the workers among groups, and orders nothing.
//
// On a FIFO queue (its name ends in ".fifo") messages of a group are delivered in
// order, and one that fails holds up those behind it. A task without a group has one of its own,
// named by its ID: nothing is ordered unless that was asked for, no task waits for an unrelated
// one that keeps failing, and the mapping can run as many at once as there are tasks. (One
// group per task name would do the opposite by default.) The deduplication ID is
// the key given with offload.Deduplication or else the task's ID, so that a repeated send is
// stored once within 5 minutes. A task without a key that is deferred by a worker
// has the number of its hop behind its ID: SQS would take a task that returns to the queue
// under the same ID for a repeat, accept it and drop it. A key decides about the first send of its task,
// in whatever process that is.
//
// # Limits
//
//   - 1,048,576 bytes a message and a batch ([MaxMessageBytes], [MaxBatchBytes]),
//     10 messages a batch ([MaxBatchEntries]): Amazon SQS API Reference,
//     SendMessageBatch. A queue may be configured for less
//     ([Options].MaxMessageBytes).
//   - 15 minutes of delay ([MaxDelay]): SendMessage, DelaySeconds. A longer one is made of
//     several hops. FIFO queues have no delay per message, so there is none.
//   - 128 characters of ASCII without spaces in groups and deduplication keys.
//   - FIFO queues take 300 calls a second and action unless they are in high throughput
//     mode (Amazon SQS Developer Guide, "Amazon SQS message quotas"); a call above it is
//     throttled and tried again.
//
// # Cost
//
// Every action is a request; a call of up to ten messages is one, and each 64 kB of
// its payload is one (Amazon SQS pricing). Fair queues and FIFO queues cost more a request. The
// mapping polls the queue at your cost, also when it is empty. The worker's
// invocations are billed as any.
//
// # IAM
//
// The function that defers needs sqs:SendMessage on the queue (the action covers
// SendMessageBatch), and kms:GenerateDataKey and kms:Decrypt on the key of a queue with a
// customer managed one:
//
//	{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:REGION:ACCOUNT:QUEUE"}
//
// The function that runs the tasks needs what every event source mapping needs:
// sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes. With
// sqs:ChangeMessageVisibility it can also have a failed message delivered again after a
// backoff; AWS's managed policy AWSLambdaSQSQueueExecutionRole does not have it. Without it the worker
// logs one warning and goes on. With a dead-letter queue of its own (see Failure) it needs sqs:SendMessage on that.
//
// # Failure
//
// Throttling, errors of the service and of the network are tried again by package
// offload for as long as the invocation has time, entry by entry where part of a
// batch failed. What SQS says is the sender's fault (no such queue, no permission, a message that
// is too large) is not; then the next strategy of the chain gets the task.
//
// A message that the worker cannot finish becomes visible again after a backoff by its
// receive count (offload.WithRedelivery), if the worker's chain has this strategy and the permission.
// Without them it does after the queue's visibility timeout, which should be at least six times the
// function's timeout (Lambda Developer Guide, "Using Lambda with Amazon SQS"). The messages of a
// batch that runs for more than 10 s are kept hidden until the invocation is over.
//
// Give the queue a dead-letter queue: after maxReceiveCount deliveries (5 or more) the message is
// there, with its envelope, instead of coming back until its retention time ends. In a FIFO queue
// the messages behind one that fails are given back unprocessed, and SQS counts that as a
// delivery of them too.
//
// A redrive policy tells nobody why, and repeats also what cannot succeed. With
// OFFLOAD_SQS_DEAD_LETTER_QUEUE_URL the worker itself moves tasks whose error is marked with
// backoff.Permanent, after the one attempt, to that queue: the envelope as it arrived, with the
// error in the message attribute ErrorMessage and the request ID of the worker's invocation in
// RequestID, as the dead letters of asynchronous invocations have them. It may be the queue of the
// redrive policy. If the move fails, the message stays where it is. Why any other task failed is
// in the worker's log, with the task's ID.
//
// The mapping must have ReportBatchItemFailures among its FunctionResponseTypes. Without
// it Lambda takes the worker's answer, which names the messages that failed, for success, and
// deletes the whole batch: failed tasks are lost, without a trace in the dead-letter queue.
// Nothing in the event shows whether it is set, so the worker cannot check it:
//
//	aws lambda update-event-source-mapping --uuid UUID --function-response-types ReportBatchItemFailures
package sqs
