package offloadhttp

import (
	"errors"
	"fmt"
)

// Errors that a request ends with, reported to Lambda as the invocation's. The client gets what its
// source makes of a failed function, usually 502; once a streamed response has begun, it breaks off.
var (
	// ErrAborted: the handler broke off the response, with http.ErrAbortHandler or by writing less than it declared.
	ErrAborted = errors.New("offloadhttp: the handler aborted the response")

	// ErrTooLarge: the response does not fit into what the source takes.
	ErrTooLarge = errors.New("offloadhttp: the response is too large")
)

// PanicError is the error of a request whose handler panicked. As in net/http the panic is logged and concerns
// this request only: the process lives, and accepted tasks run.
type PanicError struct {
	Value any    // the value passed to panic
	Stack []byte // the stack of the panicking goroutine, as debug.Stack formats it
}

// Error gives the value of the panic without its stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("offloadhttp: the handler panicked: %v", e.Value)
}

// Unwrap gives the value of the panic if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
