// Package extension runs tasks while an internal extension holds the environment
// awake: the runtime is free again at once, the extension is not. Link it with a
// blank import and select it with OFFLOAD_STRATEGY=extension.
//
// # Mechanism
//
// An internal extension is a part of the function's process that registers with
// the Extensions API. Lambda freezes the execution environment only when the
// runtime and every extension have asked for their next event (Lambda Developer
// Guide, "Extensions API"). The extension registers for INVOKE while the function
// initializes. For each invocation it gets an event with the request ID, before or while the
// handler runs; it asks for the next one when the tasks of that invocation are done.
//
// # Delivery
//
// At most once, with retries in the process as offload.MaxAttempts says. Because an extension
// is registered, Lambda announces a shutdown with SIGTERM and leaves 500 ms: running tasks are
// cancelled then, and what is unfinished goes down the chain or is reported. A crash or a SIGKILL
// ends what is unfinished.
//
// # Limits
//
// The function's timeout covers handler and tasks together, at most 15 minutes. At
// most 10 extensions register with a function. The environment serves no other event
// until the tasks are done.
//
// # Cost
//
// Duration is billed until the extension asks for its next event. The extension's
// round trip adds well under a millisecond of billed time to each invocation, also to one that defers
// nothing. The time after the runtime is done appears as the metric
// PostRuntimeExtensionsDuration.
//
// # IAM
//
// Nothing.
//
// # Failure
//
// A handler that fails or panics does not hold the extension longer than its tasks
// need; the caller of a failed handler does not wait for them. If the process may be about to
// exit (a panic, a refused response), tasks run in the runtime's tail instead.
//
// Where the registration is refused, or on Lambda Managed Instances, where nothing is frozen and
// internal extensions get no events, the strategy says so once and runs tasks in
// the runtime's tail, as package stream does.
package extension

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// Name is the name under which the extension registers. It must not be the name of
// a file in /opt/extensions: Lambda would take it for that external extension.
const Name = "offload-tail"

// releaseBefore is how long before the deadline an invocation that was never
// heard of again is let go. At the deadline Lambda would reset the environment.
const releaseBefore = 20 * time.Millisecond

// managedInstances is the initialization type of Lambda Managed Instances (Lambda Developer Guide,
// "Defined runtime environment variables").
const managedInstances = "lambda-managed-instances"

func init() { driver.Register("extension", func() driver.Strategy { return New(nil) }) }

// Options configure the strategy. The zero value is usable.
type Options struct {
	// Name is the name to register under; empty means [Name].
	Name string
}

// Strategy is the extension strategy.
type Strategy struct {
	name string
	log  *slog.Logger
	api  *client // nil: not registered, tails run in Keep

	expiry *expiry // of the hold that the loop is in

	mu      sync.Mutex
	waiting *hold            // the INVOKE that came before its Keep
	ready   map[string]*hold // Keeps that came before their INVOKE, by request ID
	missed  int              // invocations without a Keep whose INVOKE has not come yet
	let     string           // the request ID that was released without its Keep
	lost    bool             // the extension's loop has ended
}

// hold is an invocation for which the extension stays awake.
type hold struct {
	requestID string
	done      chan struct{}
}

// New makes the strategy, for offload.WithStrategies. Nil options are the zero options.
func New(opts *Options) *Strategy {
	s := &Strategy{name: Name, expiry: newExpiry(), ready: map[string]*hold{}}
	if opts != nil && opts.Name != "" {
		s.name = opts.Name
	}
	return s
}

// Name implements driver.Strategy.
func (*Strategy) Name() string { return "extension" }

// Open implements driver.Strategy: it registers the extension, which must happen
// before the runtime asks for its first event. A refusal is no error, because the promise
// can be kept without the extension.
func (s *Strategy) Open(ctx context.Context, env driver.Env) error {
	s.log = env.Logger
	address := env.Getenv("AWS_LAMBDA_RUNTIME_API")
	if address == "" {
		s.log.Warn("offload: AWS_LAMBDA_RUNTIME_API is not set, so no extension is registered; tasks run in the runtime's tail")
		return nil
	}
	api := newClient(address)
	events := []string{"INVOKE"}
	if env.MaxConcurrency > 1 || env.Getenv("AWS_LAMBDA_INITIALIZATION_TYPE") == managedInstances {
		// Managed Instances, which may be configured to serve one invocation at a time too: no events for us, and no freeze to hold off. The
		// registration alone still brings SIGTERM.
		events = nil
	}
	err := api.register(ctx, s.name, events)
	if _, refused := errors.AsType[*refusal](err); refused {
		s.log.Warn("offload: the internal extension was refused; tasks run in the runtime's tail instead, and nothing is lost", "name", s.name, "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("registering the extension %q: %w", s.name, err)
	}
	if len(events) == 0 {
		go func() { _, _ = api.next() }() // ends the extension's init phase; no event ever comes
		return nil
	}
	s.api = api
	go s.loop()
	return nil
}

// loop asks for events and holds the environment for each. It ends with the process, or
// if the Extensions API fails.
func (s *Strategy) loop() {
	for {
		ev, err := s.api.next()
		if err != nil {
			s.mu.Lock()
			s.lost = true
			s.mu.Unlock()
			s.log.Error("offload: the extension lost the Extensions API; tasks run in the runtime's tail from now on", "error", err)
			return
		}
		if ev.EventType == "INVOKE" {
			s.hold(ev)
		}
	}
}

// hold returns when the tasks of the invocation are done.
func (s *Strategy) hold(ev event) {
	s.mu.Lock()
	h, ok := s.ready[ev.RequestID]
	clear(s.ready) // any other is of the past
	switch {
	case ok:
	case s.missed > 0:
		s.missed--
		s.let = ev.RequestID
		s.mu.Unlock()
		return
	default:
		h = &hold{requestID: ev.RequestID, done: make(chan struct{})}
		s.waiting, s.let = h, "" // a retried invocation has the request ID of the one before
	}
	s.mu.Unlock()

	s.expiry.begin(time.Until(time.UnixMilli(ev.DeadlineMS)) - releaseBefore)
	defer s.expiry.end()
	select {
	case <-h.done:
	case <-s.expiry.expired:
		s.mu.Lock()
		if s.waiting == h {
			s.waiting, s.let = nil, ev.RequestID
		}
		s.mu.Unlock()
	}
}

// Keep implements driver.Keeper. It returns at once, and the loop holds the
// environment until the tail has run.
func (s *Strategy) Keep(tail driver.Tail) {
	if s.api == nil {
		tail.RunHere()
		return
	}
	id := tail.RequestID()
	s.mu.Lock()
	if s.lost || s.let == id && id != "" {
		// Nobody holds the environment for this one.
		s.let = ""
		s.mu.Unlock()
		tail.RunHere()
		return
	}
	s.missed, s.let = 0, "" // this one reached the handler, and so did its INVOKE
	h := s.waiting
	if h != nil && h.requestID == id {
		s.waiting = nil
	} else {
		h = &hold{requestID: id, done: make(chan struct{})}
		s.ready[id] = h
	}
	s.mu.Unlock()

	if tail.Final() || tail.Empty() {
		tail.RunHere()
		close(h.done)
		return
	}
	go func() {
		defer close(h.done)
		tail.Run()
	}()
}

// Missed implements driver.Misser: the invocation whose INVOKE came, or is about
// to come, needs no hold.
func (s *Strategy) Missed() {
	s.mu.Lock()
	if s.waiting == nil {
		s.missed++
	} else {
		s.let = s.waiting.requestID
		close(s.waiting.done)
		s.waiting = nil
	}
	s.mu.Unlock()
}

var (
	_ driver.Keeper = (*Strategy)(nil)
	_ driver.Misser = (*Strategy)(nil)
)
