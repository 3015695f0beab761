package offload

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/offload/internal/initerror"
)

// Start is lambda.Start for a handler that defers tasks with [After]. It takes
// every handler that lambda.Start takes, blocks, and never returns.
//
// If the configuration or the handler cannot be used, Start reports it as an
// initialization error, which the function's caller and log show, and exits.
//
// A panic of the handler ends the process as it does under lambda.Start, after the
// accepted tasks were dealt with.
func Start(handler any, opts ...Option) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		log.Print("offload: this program runs on AWS Lambda (AWS_LAMBDA_RUNTIME_API is not set); to run it here: go run github.com/go-offload/lambda/cmd/lambdalocal -- ./this-program")
		os.Exit(1)
	}
	o, err := newOffloader(context.Background(), opts)
	if err == nil {
		if o.freezes {
			o.hook = newCancelHook(o.opts.base(), o.missed())
			o.direct = len(o.opts.lambda) == 0 // otherwise they may have put a context over the hook
		}
		var adapted any
		if adapted, err = o.adapt(handler); err == nil {
			o.expectSignals()
			// Made once: WithEnableSIGTERM takes effect where a handler is made.
			made := lambda.NewHandlerWithOptions(adapted, o.lambdaOptions()...)
			loop := func() { lambda.Start(made) }
			if o.freezes {
				o.loop = loop
			}
			loop()
		}
	}
	log.Print(err) // first, for Lambda ends the environment with the report
	initerror.Report(err)
	os.Exit(1)
}

// Wrap gives a handler for lambda.StartWithOptions that does what handler does and
// lets it defer tasks. Use [Start] if you can: only there can a failed invocation
// be reported to its caller before its tasks have run.
//
// The result must be passed to lambda.Start itself. A wrapper around it that reads the
// response would make tasks run before the response; put wrappers inside:
// Wrap(otellambda.InstrumentHandler(handler)). One line in the log tells if it happens.
//
// Wrap opens the strategies, so call it once, before lambda.Start.
func Wrap(handler any, opts ...Option) (any, error) {
	o, err := newOffloader(context.Background(), opts)
	if err != nil {
		return nil, err
	}
	adapted, err := o.adapt(handler)
	if err != nil {
		return nil, err
	}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		o.expectSignals()
	}
	return adapted, nil
}

// lambdaOptions puts the hook under whatever the user configures.
func (o *offloader) lambdaOptions() []lambda.Option {
	base := o.opts.base()
	if o.hook != nil {
		base = o.hook
	}
	return append([]lambda.Option{lambda.WithContext(base)}, o.opts.lambda...)
}

// expectSignals watches signals as soon as there may be something to deal with: mostly from the first
// After on. Until then SIGTERM does what it does without Offload, and no thread that waits for
// signals is woken after each freeze.
func (o *offloader) expectSignals() {
	if o.works() || o.opts.tailEnd != nil {
		o.watchSignals()
	} else {
		o.signalsDue.Store(true)
	}
}

// watchSignals deals with unfinished tasks at SIGTERM. Lambda sends it if an
// extension is registered, ours or another, and SIGKILL a moment later; so the process
// does not exit by itself, and other handlers of the signal get their time too.
func (o *offloader) watchSignals() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		for range signals {
			o.shutdown()
		}
	}()
}
