// Package lambdatest is a local AWS Lambda that freezes.
//
// It runs a real Lambda binary, in any language, as a child process against the Runtime API (2018-06-01) and the
// Extensions API (2020-01-01), and does what Lambda does around it:
//
//   - the caller is answered when the runtime POSTs its response, not when the invocation ends;
//   - the invocation ends when the runtime and every extension that was told of it have asked for their next event, and
//     all of that time is billed;
//   - then the processes are stopped (SIGSTOP) until the next event (SIGCONT), so that a goroutine left behind by a
//     handler does not run, as it does not on AWS;
//   - timeouts, crashes and failed inits end the environment the way they do on AWS, with the same errors, and the next
//     invocation initialises it again;
//   - more requests than environments start further environments, with cold starts, up to a limit, then 429;
//   - an environment is shut down with SIGTERM, SHUTDOWN events and SIGKILL in the windows that its extensions give it.
//
// In a test:
//
//	l := lambdatest.Start(t, lambdatest.Function{Package: "./cmd/handler"})
//	res, err := l.Invoke(ctx, []byte(`{"order":"4711"}`))
//	report, err := l.WaitReport(ctx, res.RequestID) // the work after the response is done, the environment frozen
//
// [Lambda.Endpoint] is for AWS's SDKs and command line (AWS_ENDPOINT_URL_LAMBDA), [Lambda.URL] is the function URL.
// [Lambda.Events] and [Lambda.Subscribe] tell when what happened, [Lambda.Reports] what it would have cost.
// [Lambda.InvokeAsync] and [Lambda.WaitAsync] are for asynchronous invocations, whose retries take as long as
// [AsyncConfig.Speedup] says or come when [Service.Advance] is called. [Lambda.ServeGateway] puts an API Gateway or a
// load balancer before the function, [Lambda.MapQueue] puts it behind an SQS queue, for example one of package sqstest.
// [New] and [Service.Deploy] host several functions under one endpoint; cmd/lambdalocal is this package as a program.
//
// A [Service] listens on the loopback interface only, unless told otherwise, and checks no signatures: whoever reaches
// it can run the functions.
//
// # Level of support
//
// Served: Invoke (RequestResponse, DryRun and Event, X-Amz-Log-Type, X-Amz-Client-Context), InvokeWithResponseStream,
// function URLs in both modes (payload format 2.0), API Gateway REST APIs (proxy, buffered and streamed, and
// asynchronous) and HTTP APIs, Application Load Balancers, SQS event source mappings, internal and external extensions,
// and the manners of Lambda Managed Instances ([Function.EnvironmentConcurrency]).
//
// Not served, or not as on AWS:
//
//   - No isolation: the processes run as the user who runs the test, on the file system of this machine, with its /tmp,
//     network and full CPU. Memory size, CPU share, ephemeral storage and bandwidth are not limited, except for the
//     bandwidth of streamed responses ([Function.StreamBandwidth]).
//   - A client that reads a streamed response slowly holds up the function. How much AWS buffers in between was not
//     found. A client that goes away does not stop the function, as on AWS.
//   - Clocks go on during a freeze. What AWS's do is documented nowhere.
//   - The freeze is a signal (SIGSTOP), which interrupts system calls where AWS stops the machine, and it comes within
//     microseconds of the request for the next event. One that meets a Go program (1.26) inside its scheduler can make timers
//     of the next invocation late, by up to the time of the freeze. So after a freeze of 100 ms or more the event
//     comes a millisecond after the thaw, which prevents that unless the machine is so busy that a thread gets no
//     processor in that time. The millisecond is not part of the invocation. Whether it happens on AWS is not known.
//   - The freeze is for the process groups of runtime and extensions. A process that leaves its group (setsid, "detached" in
//     Node.js) runs on; on Linux it ends with the environment, elsewhere it is left behind.
//   - Connections are not purged while frozen.
//   - A streamed response that fails midway is broken off, so that clients notice. On AWS the client of a function URL may see
//     an ordinary end: a probe that others published (github.com/hotsock/voker) expects that. It was not found in AWS's documents.
//   - Credentials in the environment are placeholders. AWS_ENDPOINT_URL_LAMBDA is set to the service itself, which AWS
//     does not do, so that a function that invokes functions stays on this machine.
//   - IAM, aliases, versions, layers, provisioned concurrency, SnapStart, tenant isolation and durable functions are not
//     there. The only version is $LATEST.
//   - Asynchronous invocations: the queue is in memory, and Close throws it away; no event is delivered twice or dropped
//     without a reason, as may happen on AWS. The attempt whose response came in time and whose tail or extension timed
//     out counts as failed: what AWS does was not found. Destinations are SQS queues and functions; SNS, EventBridge and
//     S3 are missing. Of a record's conditions AWS's documents show RetriesExhausted; Success and EventAgeExceeded were
//     recorded on AWS by the tests of LocalStack. Whether AWS repeats a failed delivery was not found; here it is, briefly.
//   - Event source mappings are for SQS. There are no filter criteria, no provisioned mode and no API for mappings. One
//     poller asks the queue, three times a minute when it is idle; AWS has up to five, which cost fifteen. A window ends
//     within a second of its time; on AWS, when there is little traffic, within 20. A batch whose response came in time and
//     whose tail or extension timed out has failed: what AWS does was not found. Nor is it published how AWS slows down
//     after failures and throttles, and what it makes of a partial batch response that is JSON but no object. Requests to
//     SQS carry a placeholder for a signature; nothing of this was compared with AWS.
//   - API Gateway: one route for everything, no authorizers, mapping templates, validation, CORS, caching, stages in the
//     path, WebSockets, or idle timeouts of streams. Bodies of errors are those of AWS's documents where they
//     show them and otherwise those that users report; none was compared with AWS.
//   - The Telemetry and Logs APIs answer as AWS's emulator's stub does: 202, Telemetry.NotSupported. There is no
//     metadata endpoint, and no X-Ray daemon: traces are never sampled.
//   - Function URLs have no authentication and no CORS. Which content types of a request body AWS takes for text is not
//     published; here it is text/*, JSON, XML and JavaScript, and everything else, and whatever is not UTF-8, travels in
//     base64.
//   - The recursion guard counts to 16 exactly, in chains of invocations and of functions as destinations; a chain that
//     goes through SQS is not followed. How AWS writes it into the trace header, and into the record of the event that
//     it stops, is not documented ([Function.AllowRecursiveLoop]).
//   - MaxMemoryUsed is the sum of the peaks of the direct children (VmHWM in /proc), 0 where there is no /proc.
//   - A log tail (X-Amz-Log-Type: Tail) ends with the REPORT line, so such a caller waits for the end of the invocation.
//     Whether AWS makes it wait is not documented; its examples show the REPORT line.
//   - The time of an init that failed is not billed: what AWS charges for it was not found. The init that is repeated
//     inside the invocation is part of its Duration, as on AWS.
//   - ErrorCode of InvokeComplete is the error's type. AWS documents no values.
//
// Linux and macOS are supported; on macOS a process that is killed together with its parent may be left behind, as only
// Linux has a parent death signal. On Windows [New] returns [ErrUnsupported].
package lambdatest
