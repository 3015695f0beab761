package driver

import (
	"context"
	"log/slog"
	"time"
)

// Strategy is what [Keeper] and [Sender] have in common. A type that implements
// Strategy and neither of the two is refused when the function starts.
type Strategy interface {
	// Name is the name under which the strategy is selected, as in
	// OFFLOAD_STRATEGY: lower-case letters, digits and hyphens.
	Name() string

	// Open makes the strategy ready. It is called once, before the runtime asks
	// for its first event, so an extension can still register. Reading the
	// environment, checking options and building clients belong here and not in
	// constructors or init. Open may use the network of the execution environment
	// itself (the Extensions API) but should not call out: the init phase is
	// billed, and limited to 10 s.
	//
	// A strategy that also implements io.Closer is closed when the wrapped
	// handler is given up; on Lambda that never happens.
	Open(ctx context.Context, env Env) error
}

// Env is what a strategy may know about the process it is opened in.
type Env struct {
	// Getenv looks up an environment variable, as os.Getenv does. Tests pass their own.
	Getenv func(key string) string

	// Logger is never nil.
	Logger *slog.Logger

	// MaxConcurrency is how many invocations this process serves at once:
	// AWS_LAMBDA_MAX_CONCURRENCY, and 1 where that is unset. Above 1 nothing
	// freezes the process (Lambda Managed Instances).
	MaxConcurrency int
}

// Keeper keeps the execution environment awake until a tail has run.
//
// Keep is called exactly once for every invocation that reaches the handler,
// also for one that deferred nothing, failed or panicked. It is called on the
// goroutine that asks the Runtime API for the next event: while Keep does not
// return, the runtime does not ask, and the environment is not frozen.
//
// A Keeper must see to it that tail.Run is called, and that the environment
// stays awake until it has returned. Run inside Keep is always right; a keeper
// that has another way to stay awake returns early and runs the tail itself,
// unless tail.Final says that the process may be about to exit.
//
// Keep is called concurrently when Env.MaxConcurrency is above 1. It must not panic.
type Keeper interface {
	Strategy
	Keep(tail Tail)
}

// Misser is implemented by keepers that learn of an invocation by other means
// than Keep and would wait for it. Missed is called when an invocation ended
// without reaching the handler, because its event could not be decoded: no Keep
// will come for it. It is called at most once for each, in the order of the invocations.
type Misser interface {
	Missed()
}

// Tail is the deferred work of one invocation. Its methods may be called from
// any goroutine.
type Tail interface {
	// RequestID is the invocation's request ID: the same for the attempts of an
	// asynchronous invocation that Lambda retries.
	RequestID() string

	// Empty reports that nothing is left to run at the moment.
	Empty() bool

	// Final reports that the process may exit as soon as Keep returns: the
	// handler panicked, or the response was refused. Run must then be called
	// before Keep returns.
	Final() bool

	// Run runs the tasks and returns when every one of them has met its end. It
	// also returns, with the rest reported as dropped or handed over, shortly before the
	// invocation's deadline. Calling it again waits for the first call.
	Run()

	// RunHere is Run for a keeper that runs the tail inside Keep, on the goroutine
	// that Keep was called on. It saves the tail a goroutine of its own. If a task
	// does not return in time, RunHere may not return either: the runtime then goes on
	// on another goroutine.
	RunHere()
}

// Sender takes tasks out of the process.
type Sender interface {
	Strategy

	// Limits are asked for once, after Open.
	Limits() Limits

	// Send hands over at most Limits.BatchEntries messages and returns when each
	// of them is durable or refused. A nil slice means that all were accepted;
	// otherwise the result has one entry per message, nil where it was accepted.
	// An error marked with backoff.Permanent (github.com/cenkalti/backoff/v4) is
	// not tried again; any other is, with exponential backoff, for as long as the
	// invocation has time. Send itself should therefore not retry.
	//
	// Send is called concurrently, at most Limits.Concurrency times at once for
	// one invocation. It must not retain the batch.
	Send(ctx context.Context, batch []Message) []error
}

// Limits describe how much a [Sender] takes.
type Limits struct {
	// MessageBytes is the size of the largest message, Body and Overhead
	// together. It must be positive.
	MessageBytes int

	// Overhead is what a message costs beyond its Body, in bytes, for attributes
	// that count towards the limit.
	Overhead int

	// BatchEntries is how many messages fit into one Send; 0 means 1.
	BatchEntries int

	// BatchBytes is how many bytes fit into one Send, Overhead included; 0 means
	// that MessageBytes is the only limit.
	BatchBytes int

	// Concurrency is how many Sends one invocation may have in flight; 0 means 1.
	Concurrency int

	// MaxDelay is the longest delay before delivery that the sender offers; 0
	// means that it delivers at once. A longer delay is made of several hops.
	MaxDelay time.Duration

	// Ordered reports that messages of one group are delivered in order. Batches
	// of an ordered sender are sent one after the other.
	Ordered bool
}

// Message is a task on its way out of the process.
type Message struct {
	// ID is the task's stable ID. It need not be unique within a batch: the ID may be the user's, who
	// may have given it to two tasks.
	ID string

	// Task is the name under which the task was defined.
	Task string

	// Body is the encoded [Envelope], already signed if signing is on.
	Body []byte

	// Group orders or shares out messages where the destination has groups. Empty
	// means that the user chose none.
	Group string

	// Deduplication is the key for destinations that drop repeats: what has a key that
	// they have seen is a repeat of that send, and may be dropped. It is never empty, and has at
	// most MaxDeduplicationBytes printable ASCII characters. It is the user's key for the first
	// send of a task, or else made of the task's ID; from the second hop on the
	// number of the hop is part of that, so that a task that comes back to the same
	// destination on purpose is not taken for a repeat.
	Deduplication string

	// Hops is how often the task leaves a process, this time included.
	Hops int

	// Delay is how long the destination holds the message back, at most
	// Limits.MaxDelay.
	Delay time.Duration

	// TraceHeader is the X-Ray trace header of the invocation, if it has one.
	TraceHeader string
}

// Thawer is implemented by strategies that hold connections. Thaw is called at
// the start of the first invocation after the environment may have been frozen:
// idle connections are dead by then and should be dropped, for reusing one costs
// a failed request or a retry delay.
type Thawer interface {
	Thaw()
}
