// Package offload lets an AWS Lambda handler answer now and finish the rest after.
//
//	var sendReceipt = offload.Define("send-receipt", func(ctx context.Context, r Receipt) error { … })
//
//	func checkout(ctx context.Context, ev events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
//		…
//		err := offload.After(ctx, sendReceipt.With(Receipt{Order: order.ID}))
//		…
//	}
//
//	func main() { offload.Start(checkout) }
//
// Lambda freezes the process when the response is out, and a goroutine that was left behind
// stops with it. [After] passes the work to a strategy that knows a way around: it keeps the
// environment awake (packages stream and extension), or sends the task elsewhere
// (packages invoke and sqs). Strategies are linked by a blank import and selected by OFFLOAD_STRATEGY, a
// list: what one cannot accept or finish goes to the next.
//
// # What is promised
//
// A task that After accepted ends in exactly one terminal [Event], whatever becomes of the
// handler; only a SIGKILL prevents that. Tasks that run in this process run at most once,
// apart from retries; tasks that are sent are delivered at least once, so they should be idempotent: [TaskFromContext]
// gives an ID that stays the same.
//
// # Environment
//
//	OFFLOAD_STRATEGY                   the chain, such as "extension" or "extension,sqs"
//	OFFLOAD_CONCURRENCY                tasks of one invocation that run at once, 16
//	OFFLOAD_MARGIN                     time kept free before the deadline, a tenth of what the invocation has, at most 500ms
//	OFFLOAD_HANDOFF                    when senders get tasks, "before" (the default) or "after" the response
//	OFFLOAD_SQS_QUEUE_URL              see package sqs
//	OFFLOAD_SQS_DEAD_LETTER_QUEUE_URL  see package sqs
//	OFFLOAD_INVOKE_FUNCTION            see package invoke
//	OFFLOAD_SIGNING_KEY                see WithSigningKeys
//	OFFLOAD_SIGNING_KEY_PREVIOUS
//
// What is set in code takes precedence. Package offloadhttp has some of its own.
package offload
