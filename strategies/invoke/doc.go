// Package invoke sends each task as an asynchronous invocation of a function: another one, or
// this one. Link it with a blank import and select it with OFFLOAD_STRATEGY=invoke
// and, unless the function runs its own tasks, OFFLOAD_INVOKE_FUNCTION.
//
// # Mechanism
//
// A task leaves with Invoke and InvocationType Event, by default before the response; several
// leave at once. Lambda puts the payload, which is the envelope, into a queue of its own, answers
// 202 and invokes the function with it. That function recognises the envelope and runs the task:
// either this one, or one made with offload.StartWorker.
//
// Without OFFLOAD_INVOKE_FUNCTION the function invokes itself. Where it runs as a published
// version it invokes that version, so that the code that deferred a task is the code that runs it,
// also while an alias moves on. The price: what is configured for an alias (retries,
// destinations, provisioned concurrency) does not apply to such an invocation; to have
// it apply set OFFLOAD_INVOKE_FUNCTION to FUNCTION:ALIAS. The unpublished version ($LATEST) is
// invoked without a qualifier.
//
// Calls go to the region of the function's ARN, or to that of this function, with the credentials
// that Lambda puts into the environment. AWS_ENDPOINT_URL_LAMBDA and AWS_ENDPOINT_URL redirect
// them. For everything else set [Options].Client.
//
// # Delivery
//
// At least once. Lambda invokes again after a function error, by default twice, after one
// and two minutes, and may do so without an error; a call whose answer got lost is repeated, which
// makes two invocations. So tasks must tolerate duplicates; the task's ID is the same in all of
// them. Throttled invocations stay in Lambda's queue, for 6 hours by default. (AWS
// Lambda Developer Guide, "Asynchronous invocation".)
//
// There is no order, no group and no deduplication, and no delay.
//
// # Limits
//
//   - 1 MB a payload ([MaxPayloadBytes]): AWS Lambda Developer Guide, "Lambda quotas", where
//     MB stands for 1,024 kB.
//   - One task a call. [Options].Concurrency of them are in flight for one invocation.
//   - About 16 invocations in a chain that calls itself, after which Lambda drops the event
//     ("Recursive loop detection"). It counts with the X-Ray trace header, which
//     is therefore passed on; package offload counts too, and refuses earlier.
//
// # Cost
//
// A call is one request for the first 256 kB of payload and one for each further 64 kB (AWS Lambda
// pricing); there is nothing to pay while nothing is deferred. The invocation is billed as any.
//
// # IAM
//
// The function that defers needs lambda:InvokeFunction on the one that it invokes. For versions and
// aliases, so for a function that invokes itself as a published version, that is another resource
// than the bare ARN:
//
//	{"Effect": "Allow", "Action": "lambda:InvokeFunction",
//	 "Resource": ["arn:aws:lambda:REGION:ACCOUNT:function:NAME",
//	              "arn:aws:lambda:REGION:ACCOUNT:function:NAME:*"]}
//
// # Failure
//
// Throttling, errors of the service and of the network are tried again by package offload for as
// long as the invocation has time. What Lambda refuses (no such function, no
// permission, a payload that is too large) is not; then the next strategy of the chain gets the task.
//
// A task that fails makes its invocation fail. Give the function an on-failure destination
// or a dead-letter queue: after its last attempt or its maximum age Lambda drops the event otherwise.
package invoke
