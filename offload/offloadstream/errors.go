package offloadstream

import (
	"errors"
	"fmt"

	"github.com/go-offload/lambda/offload/internal/pipe"
)

// Errors of a Writer, and of the response that ends with one.
var (
	// ErrNotRead: the response is not sent any more: the connection to the runtime broke, or
	// Lambda refused the response.
	ErrNotRead = pipe.ErrClosedByReader

	// ErrTooLarge: a Write beyond [MaxBytes]. The response ends there, broken off.
	ErrTooLarge = errors.New("offloadstream: the response is larger than Lambda streams, 200 MB; put it into S3 and send a link")

	// ErrHeadTooLarge: status and headers do not fit into the 16 KB in which API Gateway looks for them.
	ErrHeadTooLarge = errors.New("offloadstream: the headers of the response are larger than 16 KB")

	// ErrGoexit: the function ended its goroutine with runtime.Goexit, as a test's FailNow does.
	ErrGoexit = pipe.ErrGoexit
)

// PanicError is the error of a response whose function panicked.
type PanicError struct {
	Value any    // the value passed to panic
	Stack []byte // the stack of the panicking goroutine, as debug.Stack formats it
}

// Error gives the value of the panic without its stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("offloadstream: the function panicked: %v", e.Value)
}

// Unwrap gives the value of the panic if it was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
