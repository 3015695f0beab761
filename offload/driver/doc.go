// Package driver is what a strategy implements. Programs that only defer tasks
// need package offload; this package is for those who write a strategy.
//
//	user code ──► offload (concrete) ──► driver (interfaces) ◄── strategies/...
//
// A strategy has one of two capabilities:
//
//   - A [Keeper] keeps the execution environment awake, so that tasks can run in
//     this process after the response is out (stream, extension).
//   - A [Sender] takes a task out of the process as a [Message] (invoke, sqs).
//
// What else it can do is optional, and found by its methods: drop connections after a freeze
// ([Thawer]), hear of invocations that end early ([Misser]) and, for queues, change when a message is
// delivered again ([VisibilityChanger]) or put it aside for good ([DeadLetterer]).
//
// Everything else (collecting, validating, packing batches, retrying,
// deadlines, panics, the way down the chain, observing) is done once, in package
// offload. A strategy makes itself known by name in its init function, with
// [Register], and does nothing else there: no environment, no network.
package driver
