package strategytest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// invocationTimeout is long enough that no check comes near its deadline, the one about
// deadlines excepted.
const invocationTimeout = time.Minute

// handlerFunc is the handler of a check. What it returns is sent as it is.
type handlerFunc func(ctx context.Context) (string, error)

var errHandler = errors.New("the handler failed")

// environment is an execution environment: a runtime that calls the wrapped handler,
// and the Extensions API if the strategy uses it.
type environment struct {
	check   *check
	subject Subject
	handler reflect.Value
	api     *extensionsAPI // nil: none
	sent    func()         // called when a response is out; may be nil
}

// environment opens the strategy behind a handler. extensionRefused makes the
// Extensions API refuse the registration.
func (c *check) environment(handler handlerFunc, extensionRefused bool) *environment {
	c.t.Helper()
	return c.environmentOf(handler, c.Extension, extensionRefused, []Subject{c.New(c.t)})
}

// environmentOf opens a chain of strategies behind a handler.
func (c *check) environmentOf(handler handlerFunc, extension, extensionRefused bool, chain []Subject, opts ...offload.Option) *environment {
	c.t.Helper()
	e := &environment{check: c, subject: chain[0]}
	if extension {
		e.api = serveExtensions(c.t, extensionRefused)
	}
	var strategies []driver.Strategy
	for _, s := range chain {
		vars := maps.Clone(s.Environment)
		if vars == nil {
			vars = map[string]string{}
		}
		if e.api != nil {
			vars["AWS_LAMBDA_RUNTIME_API"] = e.api.address()
		}
		strategies = append(strategies, observe(c, s.Strategy, vars))
	}
	wrapped, err := offload.Wrap(func(ctx context.Context) (io.Reader, error) {
		body, err := handler(ctx)
		if err != nil {
			return nil, err
		}
		return strings.NewReader(body), nil
	}, append(opts, offload.WithStrategies(strategies...), offload.WithLogger(slog.New(slog.DiscardHandler)))...)
	if err != nil {
		c.t.Fatalf("strategytest: opening the strategy: %v", err)
	}
	e.handler = reflect.ValueOf(wrapped)
	if !e.settled(c.Patience) {
		c.t.Fatal("strategytest: the extension registered, but does not ask for its first event, so the environment never starts")
	}
	return e
}

// invocation is one call of the handler, as the runtime sees it.
type invocation struct {
	requestID string
	deadline  time.Time
	event     []byte                      // nil: an empty object
	task      func(context.Context) error // what the task of a chain does
	posted    atomic.Bool                 // the response or the error is out
	idle      chan struct{}               // closed when the runtime asks for its next event, or exits
}

// invoke announces an invocation and starts it.
func (e *environment) invoke(requestID string) *invocation {
	inv := newInvocation(requestID, invocationTimeout)
	e.announce(inv)
	e.start(inv)
	return inv
}

func newInvocation(requestID string, timeout time.Duration) *invocation {
	return &invocation{requestID: requestID, deadline: time.Now().Add(timeout), idle: make(chan struct{})}
}

// announce sends the INVOKE of an invocation to the extension that registered for it.
func (e *environment) announce(inv *invocation) {
	if e.api != nil && !e.api.refuse {
		e.api.invoke(inv.requestID, inv.deadline)
	}
}

// start lets the runtime handle the invocation, on a goroutine of its own.
func (e *environment) start(inv *invocation) {
	go func() {
		defer close(inv.idle)
		e.handle(inv)
	}()
}

// handle does what aws-lambda-go's loop does between two events: call the handler, POST
// what its response reads to, close the response, and cancel the context.
func (e *environment) handle(inv *invocation) {
	ctx, cancel := context.WithDeadline(context.Background(), inv.deadline)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       inv.requestID,
		InvokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:conformance",
	})
	ctx = context.WithValue(ctx, invocationKey{}, inv)
	response, err := e.call(ctx, inv.event)
	if err != nil {
		inv.posted.Store(true)
		return
	}
	if closer, ok := response.(io.Closer); ok {
		defer func() { _ = closer.Close() }()
	}
	_, _ = io.Copy(io.Discard, response)
	inv.posted.Store(true)
	if e.sent != nil {
		e.sent()
	}
}

// call calls the wrapped handler with what it takes. A panic is an error, as it is
// to aws-lambda-go; that the process would then exit is for the checks to remember.
func (e *environment) call(ctx context.Context, event []byte) (response io.Reader, err error) {
	defer func() {
		if recover() != nil {
			err = errHandler
		}
	}()
	in := []reflect.Value{reflect.ValueOf(ctx)}
	if e.handler.Type().NumIn() == 2 {
		if event == nil {
			event = []byte("{}")
		}
		in = append(in, reflect.ValueOf(json.RawMessage(event)))
	}
	out := e.handler.Call(in)
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, err
	}
	return out[0].Interface().(io.Reader), nil
}

type invocationKey struct{}

// invocationOf gives the invocation that a handler's or a task's context belongs to.
func invocationOf(ctx context.Context) *invocation {
	return ctx.Value(invocationKey{}).(*invocation)
}

// frozen waits for the freeze at the end of an invocation: the runtime and the
// extension have asked for their next event.
func (e *environment) frozen(inv *invocation, within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-inv.idle:
		return e.settled(within)
	case <-timer.C:
		return false
	}
}

// settled waits for the extension to ask for its next event.
func (e *environment) settled(within time.Duration) bool {
	if e.api == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return e.api.quiet(ctx)
}

// mustFreeze reports a rule as broken if the environment does not freeze.
func (e *environment) mustFreeze(inv *invocation, r rule) bool {
	if e.frozen(inv, e.check.Patience) {
		return true
	}
	e.check.broken(r, "the environment is not frozen %v after the end of invocation %q", e.check.Patience, inv.requestID)
	return false
}

// observed is the keeper between package offload and the strategy: it gives the strategy
// the environment variables of the check, and sees what the strategy does with each tail.
type observed struct {
	driver.Keeper
	check *check
	vars  map[string]string
}

// observe puts an observer around a keeper. Senders only get the environment.
func observe(c *check, s driver.Strategy, vars map[string]string) driver.Strategy {
	switch s := s.(type) {
	case driver.Keeper:
		o := &observed{s, c, vars}
		if m, ok := s.(driver.Misser); ok {
			return struct {
				*observed
				driver.Misser
			}{o, m}
		}
		return o
	case driver.Sender:
		return &placed{s, vars}
	default:
		return s
	}
}

// Open implements driver.Strategy.
func (o *observed) Open(ctx context.Context, env driver.Env) error {
	env.Getenv = func(key string) string { return o.vars[key] }
	return o.Keeper.Open(ctx, env)
}

// Keep implements driver.Keeper.
func (o *observed) Keep(tail driver.Tail) {
	final, seen := tail.Final(), &observedTail{Tail: tail}
	o.Keeper.Keep(seen)
	if final && !seen.ran.Load() {
		o.check.broken(keeperFinal, "Keep returned for %q and the process would exit with its tasks", tail.RequestID())
	}
}

// observedTail knows whether it has run.
type observedTail struct {
	driver.Tail
	ran atomic.Bool
}

// Run implements driver.Tail.
func (t *observedTail) Run() {
	t.Tail.Run()
	t.ran.Store(true)
}

// RunHere implements driver.Tail.
func (t *observedTail) RunHere() {
	t.Tail.RunHere()
	t.ran.Store(true)
}

// placed is a sender with the environment variables of a check.
type placed struct {
	driver.Sender
	vars map[string]string
}

// Open implements driver.Strategy.
func (p *placed) Open(ctx context.Context, env driver.Env) error {
	env.Getenv = func(key string) string { return p.vars[key] }
	return p.Sender.Open(ctx, env)
}
