package main

import (
	"context"
	"log"
	"os"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/extension"
	"github.com/go-offload/lambda/strategies/invoke"
	"github.com/go-offload/lambda/strategies/sqs"
	"github.com/go-offload/lambda/strategies/stream"
)

// chain selects the strategies of a contestant, whose senders mark their calls.
func chain(contestant cost.Contestant) []offload.Option {
	var strategies []driver.Strategy
	for name := range strings.SplitSeq(string(contestant), ",") {
		switch name {
		case "stream":
			strategies = append(strategies, stream.New())
		case "extension":
			strategies = append(strategies, extension.New(nil))
		case "invoke":
			strategies = append(strategies, markedInvoke{invoke.New(nil)})
		case "sqs":
			strategies = append(strategies, markedSQS{sqs.New(nil)})
		default:
			log.Fatalf("%s: no strategy %q", envContestant, name)
		}
	}
	return []offload.Option{offload.WithStrategies(strategies...)}
}

type markedInvoke struct{ *invoke.Strategy }

// Send implements driver.Sender.
func (m markedInvoke) Send(ctx context.Context, batch []driver.Message) []error {
	return marked(ctx, batch, m.Strategy)
}

type markedSQS struct{ *sqs.Strategy }

// Send implements driver.Sender.
func (m markedSQS) Send(ctx context.Context, batch []driver.Message) []error {
	return marked(ctx, batch, m.Strategy)
}

// marked sends a batch and marks the call.
func marked(ctx context.Context, batch []driver.Message, to driver.Sender) []error {
	start := time.Now()
	errs := to.Send(ctx, batch)
	end := time.Now()
	failed := false
	for _, err := range errs {
		failed = failed || err != nil
	}
	wire.Mark{
		Kind: wire.SendMark, RequestID: requestID(ctx), StartNS: start.UnixNano(), EndNS: end.UnixNano(),
		Messages: len(batch), Failed: failed,
	}.Print(os.Stdout)
	return errs
}
