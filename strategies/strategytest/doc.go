// Package strategytest is the conformance suite for strategies: those of this
// module, and those that others write against package driver.
//
//	func TestConformance(t *testing.T) {
//		strategytest.Run(t, strategytest.Harness{
//			New: func(t *testing.T) strategytest.Subject {
//				return strategytest.Subject{Strategy: mystrategy.New(nil)}
//			},
//		})
//	}
//
// The suite drives the strategy through package offload in the way in which aws-lambda-go
// does, in this process and without a network other than the loopback. Each failure names the rule
// that is broken. Whether the rules for keepers or those for senders apply is seen from the
// methods of the strategy.
//
// # Rules for keepers
//
// The environment counts as frozen when the runtime, and the extension if there is one, have
// asked for their next event.
//
//  1. keeper-1: every tail is run, and its tasks once, also over many invocations.
//  2. keeper-2: no task runs before the response is out.
//  3. keeper-3: the environment is not frozen before the tail has run, and soon after that it is.
//  4. keeper-4: a tail that is Final has run when Keep returns.
//  5. keeper-5: an invocation that deferred nothing does not hold the environment.
//  6. keeper-6: the tasks of a failed handler run before the freeze, and the next invocation is served.
//  7. keeper-7: invocations of the same request ID, which Lambda's retries have, are held each for itself.
//  8. keeper-8: it does not matter whether an extension hears of the invocation before the handler is
//     called, during the call, or after the response.
//  9. keeper-9: a tail that ends at its deadline, because a task ignores its context, ends the hold.
//  10. keeper-10: with MaxConcurrency above 1, Keep is called concurrently and no tail waits for another one's.
//
// With Harness.Extension the rules 1 to 7 and 9 are also checked where the Extensions
// API refuses the registration.
//
// # Rules for senders
//
//  1. sender-1: Limits has a positive MessageBytes and nothing negative.
//  2. sender-2: when Send reports success, the destination has the body as it was given.
//  3. sender-3: Send takes a batch of BatchEntries, and a message of MessageBytes.
//  4. sender-4: Send does not change the batch, and keeps nothing of it after it has returned.
//  5. sender-5: the result is nil or has one entry per message; what fails may be marked as
//     permanent only if trying again is useless, and must be if it is.
//  6. sender-6: Send returns soon after its context has ended, and reports no success that it does not know of.
//  7. sender-7: as many Sends may be in flight at once as Limits.Concurrency says.
//  8. sender-8: through package offload, tasks are at the destination before the response is out.
//
// # Rules for chains
//
// [RunChain] tests two strategies one behind the other. The rules 2 to 6 are for a keeper with a sender behind
// it, 7 for the opposite, and 8 for two senders; 6 to 8 need a destination that can refuse.
//
//  1. chain-1: the first strategy has what it can do, and the second hears nothing of it.
//  2. chain-2: what fails in the process for good goes to the second, once.
//  3. chain-3: its attempts go with it: delivered to the function again, it goes on counting.
//  4. chain-4: what would miss the deadline is at the second when the environment freezes,
//     whether it listens to its context or not.
//  5. chain-5: a closure, which cannot leave, ends in the process.
//  6. chain-6: a task that nobody takes has one terminal event, with the reason.
//  7. chain-7: what the first refuses runs in the process, once and after the response.
//  8. chain-8: what the first refuses is at the second before the response is out.
package strategytest
