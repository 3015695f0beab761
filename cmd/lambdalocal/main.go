// Command lambdalocal runs any Lambda binary on this machine under a local AWS Lambda that really freezes it.
//
//	go run ./cmd/lambdalocal -listen 127.0.0.1:9000 -timeout 3s -env TABLE=orders -- ./bootstrap
//	go run ./cmd/lambdalocal -package ./examples/quickstart
//
// It serves the Lambda API, so that AWS's command line and SDKs can invoke the function, and the function URL, and
// prints what the function and the platform log and when the environment froze and thawed. Interrupt it once to end it
// through Lambda's shutdown phase, twice to end it at once; no process is left behind either way. Without a function it
// does nothing; lambdalocal -h lists the flags.
//
// What the local Lambda and the local SQS do otherwise than AWS's is listed in packages lambdatest and
// lambdatest/sqstest under "Level of support".
//
// # Queues
//
//	lambdalocal -sqs 127.0.0.1:9324 -queue orders,visibility=60s,dlq=orders-dead,receives=3 -map orders,batch=5,partial \
//	    -env OFFLOAD_STRATEGY=sqs -env OFFLOAD_SQS_QUEUE_URL={queue:orders} -- ./bootstrap
//
// -sqs is the address of an SQS endpoint; without it one with queues takes a free port. The functions have its URL as
// AWS_ENDPOINT_URL_SQS, which AWS's SDKs read, and in the value of an environment variable {queue:NAME} is the URL of a
// queue. Queues are in memory and gone when the program ends.
//
// -queue creates a queue. Its settings, all optional, durations in whole seconds:
//
//	visibility    visibility timeout of received messages (30s); not less than the timeout of a function it is mapped to
//	delay         of every message (0s)
//	retention     how long messages are kept (96h)
//	wait          of receives that do not say how long they wait (0s)
//	dlq           name of the dead-letter queue, which is created if nobody describes it
//	receives      how often a message is received before it goes there (5)
//	fifo          a FIFO queue, whose name ends in .fifo; the ending may be left out
//	contentDedup  content-based deduplication, for FIFO queues
//
// -map is an event source mapping: the messages of the queue, or of one elsewhere that is given by its URL, invoke the
// function. Its settings:
//
//	batch        messages per invocation (10); up to 10,000 with a window
//	window       how long they are collected (0s), up to 300s
//	partial      the response names the messages that failed (ReportBatchItemFailures)
//	endpoint     of a queue elsewhere, where that is not the beginning of its URL
//	concurrency  how many batches are processed at a time, 2 to 1,000 (as many as the backlog calls for)
//
// What is processed is deleted. The rest becomes visible again after its visibility timeout, in real time here.
//
// # Asynchronous invocations
//
// Invocation type Event is served with its retries after one and two minutes. -async changes that and says where the
// outcome goes:
//
//	retries          after a failure, 0 to 2 (2)
//	maxAge           of an event, 1m to 6h (6h)
//	onSuccess        destination: the name of a queue, function:NAME, or an ARN
//	onFailure        the same
//	deadLetterQueue  name or ARN of a queue
//	speedup          1000 makes a minute 60 ms (1)
//
// # HTTP fronts
//
// -gateway serves one beside the function URL: a REST API (rest), an HTTP API (http), a REST API whose integration is
// asynchronous (async), or an Application Load Balancer (alb). Its settings: addr (127.0.0.1:0), timeout, stage,
// stream (of rest), status (of async), multiValueHeaders (of alb).
//
// # Several functions
//
// -config names a JSON file instead; -listen and -sqs may stand beside it and win over it.
//
//	{
//	  "listen": "127.0.0.1:9000",
//	  "sqs": "127.0.0.1:9324",
//	  "queues": [
//	    "results",
//	    {"name": "orders", "visibility": "60s", "dlq": "orders-dead", "receives": 3}
//	  ],
//	  "functions": [
//	    {
//	      "name": "checkout",
//	      "package": "./cmd/checkout",
//	      "timeout": "10s",
//	      "env": {"OFFLOAD_STRATEGY": "extension,sqs", "OFFLOAD_SQS_QUEUE_URL": "{queue:orders}"},
//	      "async": {"onFailure": "results"},
//	      "gateways": [{"type": "http", "addr": "127.0.0.1:8080"}]
//	    },
//	    {
//	      "name": "worker",
//	      "command": ["./bootstrap"],
//	      "dir": "build/worker",
//	      "map": ["results", {"queue": "orders", "batch": 10, "window": "2s", "partial": true}]
//	    }
//	  ]
//	}
//
// A queue, and a mapping, without settings is its name alone. The settings of queues, mappings, gateways and async are
// those above (and binaryMediaTypes, a list, for gateways). A function has one of package and command, and may have
// name, dir, buildArgs, env, handler, timeout, initTimeout, memory, environments, concurrency, idle, url, urlMode,
// extensions (a list of commands), noFreeze, noExtensions, async, map and gateways; they mean what the flags of those
// names do. Directories are relative to the file. Durations are strings such as "30s". Unknown and repeated settings
// are errors, which name the line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP) // the terminal is gone, and stopped processes would outlive it
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, signals))
}
