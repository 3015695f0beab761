package offload

import (
	"errors"
	"fmt"
)

// Errors of [After]. They are the class; the cause stays reachable with
// errors.Is and errors.As.
var (
	// ErrNoScope: the context does not come from a handler that was started with
	// Start or wrapped with Wrap, so nothing would keep the environment awake.
	ErrNoScope = errors.New("offload: the context does not belong to an invocation; pass the handler's ctx (or one derived from it), and start the handler with offload.Start or offload.Wrap")

	// ErrClosed: the invocation's tail has ended. A goroutine that outlived its
	// invocation called After; the environment may be frozen at any moment.
	ErrClosed = errors.New("offload: the invocation is over, nothing can be deferred to it any more; call After before the handler returns or inside a task")

	// ErrInvalidTask: the task is the zero Task, has no function, or has an unusable name.
	ErrInvalidTask = errors.New("offload: invalid task")

	// ErrInvalidOption: an option has a value out of its range.
	ErrInvalidOption = errors.New("offload: invalid option")

	// ErrInput: the task's input does not marshal to JSON.
	ErrInput = errors.New("offload: the task's input does not marshal to JSON")

	// ErrTooLarge: no strategy of the chain takes a task of this size.
	ErrTooLarge = errors.New("offload: the task is larger than the chain of strategies accepts")

	// ErrClosure: a task made with Func cannot leave the process, and the chain has
	// no strategy that runs tasks in it.
	ErrClosure = errors.New("offload: a closure cannot leave this process; use offload.Define, or put stream or extension into the chain")

	// ErrTooManyTasks: the invocation has deferred as many tasks as WithMaxTasks allows.
	ErrTooManyTasks = errors.New("offload: too many tasks in one invocation")

	// ErrTooManyHops: the task would leave the process once more than is allowed.
	// Lambda silently stops a chain of functions that call themselves after about 16
	// invocations; this error comes first.
	ErrTooManyHops = errors.New("offload: too many hops")
)

// Errors of [Start] and [Wrap].
var (
	// ErrConfig: an option or environment variable cannot be used.
	ErrConfig = errors.New("offload: configuration")

	// ErrUnknownStrategy: a name in the chain belongs to no linked strategy.
	ErrUnknownStrategy = errors.New("offload: unknown strategy")

	// ErrHandler: aws-lambda-go would not accept the handler either.
	ErrHandler = errors.New("offload: invalid handler")
)

// Reasons in terminal events, and causes of a task's cancelled context
// (context.Cause).
var (
	// ErrDeadline: the invocation's deadline, less the margin, came first.
	ErrDeadline = errors.New("offload: the invocation's deadline came first")

	// ErrShutdown: the environment is being shut down (SIGTERM).
	ErrShutdown = errors.New("offload: the execution environment is shutting down")

	// ErrMissed: the invocation ended without its tail; this is noticed when the
	// next one begins.
	ErrMissed = errors.New("offload: the environment was frozen before the task ran")

	// ErrHandlerFailed: the handler failed and the task was deferred with OnlyOnSuccess.
	ErrHandlerFailed = errors.New("offload: the handler failed")

	// ErrGoexit: the task ended its goroutine with runtime.Goexit.
	ErrGoexit = errors.New("offload: the task called runtime.Goexit")

	// ErrHandOver: no strategy of the chain accepted the task.
	ErrHandOver = errors.New("offload: the task could not be handed over")
)

// PanicError is the error of a task that panicked. A panic is not retried in the
// process: it goes down the chain, or fails the task.
type PanicError struct {
	Value any    // the value passed to panic
	Stack []byte // the stack of the panicking goroutine, as debug.Stack formats it
}

// Error gives the value of the panic without its stack.
func (e *PanicError) Error() string { return fmt.Sprintf("offload: the task panicked: %v", e.Value) }

// Unwrap gives the value of the panic if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// HandOverError is the error of an invocation some of whose tasks no strategy of the chain accepted: what the
// caller of the function gets, with "HandOverError" as its errorType. It wraps [ErrHandOver] and the reason of each task.
type HandOverError struct{ reasons []error }

// Error has a line for each task, of the first ten: it becomes the response to the caller, and a line of the log.
func (e *HandOverError) Error() string {
	const most = 10
	text := errors.Join(e.reasons[:min(most, len(e.reasons))]...).Error()
	if more := len(e.reasons) - most; more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	return text
}

// Unwrap gives the reasons, one for each task.
func (e *HandOverError) Unwrap() []error { return e.reasons }
