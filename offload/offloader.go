package offload

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload/driver"
)

// offloader is what the invocations of one wrapped handler share.
type offloader struct {
	opts    options
	log     *slog.Logger
	pub     *publisher
	chain   []link
	keeper  driver.Keeper // the one in the chain; nil if it has senders only
	sends   bool          // the chain has a sender
	freezes bool          // invocations come one at a time, with freezes in between
	direct  bool          // the hook sees every invocation
	hook    *cancelHook   // nil where there is none
	loop    func()        // runs the runtime loop on another goroutine; nil where that is not possible
	tracer  Tracer        // nil if there is none
	timed   bool          // somebody asks for the times of tasks
	simple  bool          // the chain is one keeper, which takes what has no delay, and nobody watches that

	ledger         ledger
	warnedOfMargin atomic.Bool
	signalsDue     atomic.Bool // the first task shall have signals watched
	outer          outerCheck
	watch          watchdog
	idleSince      atomic.Int64 // wall clock at the end of the last tail, in Unix nanoseconds
}

func newOffloader(ctx context.Context, opts []Option) (*offloader, error) {
	o := &offloader{opts: options{getenv: os.Getenv}}
	for _, opt := range opts {
		opt(&o.opts)
	}
	if err := o.opts.complete(); err != nil {
		return nil, err
	}
	o.log = o.opts.logger
	o.watch.ledger = &o.ledger
	o.pub = newPublisher(o.opts.observers, o.log)
	o.tracer = o.opts.tracer

	strategies, err := o.opts.selectStrategies()
	if err != nil {
		return nil, err
	}
	if o.opts.crossing != nil {
		if err := o.opts.crossing.complete(&o.opts, strategies); err != nil {
			return nil, err
		}
	}
	concurrency := lambdacontext.MaxConcurrency()
	if o.opts.process != nil {
		strategies, concurrency = o.opts.process(strategies), processConcurrency
	}
	o.freezes = concurrency == 1
	if err := o.openChain(ctx, strategies, &driver.Env{
		Getenv:         o.opts.getenv,
		Logger:         o.log,
		MaxConcurrency: concurrency,
	}); err != nil {
		return nil, err
	}
	o.timed = o.pub.timed || o.works() || o.tracer != nil
	o.simple = !o.works() && !o.pub.wants(Accepted) && o.tracer == nil
	return o, nil
}

// missed gives the keeper's Missed, or nil.
func (o *offloader) missed() func() {
	if m, ok := o.keeper.(driver.Misser); ok {
		return m.Missed
	}
	return nil
}

// seesEveryInvocation reports whether a handler may take its event decoded: no
// envelope can come, and the keeper hears of an event that cannot be decoded.
func (o *offloader) seesEveryInvocation() bool {
	return !o.works() && (o.direct || o.missed() == nil)
}

// complete fills in what code left open, from the environment and the defaults.
func (o *options) complete() error {
	if o.invalid != nil {
		return o.invalid
	}
	if o.logger == nil {
		o.logger = slog.Default()
	}
	if len(o.observers) == 0 {
		o.observers = []Observer{LogObserver(o.logger)}
	}
	o.observers = append(o.observers, o.telemetry...)
	if o.concurrency == 0 {
		o.concurrency = DefaultConcurrency
		if v := o.getenv("OFFLOAD_CONCURRENCY"); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				return fmt.Errorf("%w: OFFLOAD_CONCURRENCY=%q is not a positive number", ErrConfig, v)
			}
			o.concurrency = n
		}
	}
	if o.maxTasks == 0 {
		o.maxTasks = DefaultMaxTasks
	}
	if v := o.getenv("OFFLOAD_MARGIN"); v != "" && !o.marginSet {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 {
			return fmt.Errorf("%w: OFFLOAD_MARGIN=%q is negative, or no time; write it as in \"250ms\"", ErrConfig, v)
		}
		o.margin, o.marginSet = d, true
	}
	return nil
}

// base is the parent of all invocation contexts.
func (o *options) base() context.Context {
	if o.baseContext != nil {
		return o.baseContext
	}
	return context.Background()
}
