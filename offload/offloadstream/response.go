package offloadstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-offload/lambda/offload/internal/pipe"
)

// MaxBytes is the size of the largest response that Lambda streams, prelude included: 200 MB (Lambda Developer Guide, "Lambda
// quotas", where 1 MB is 1,024 KB).
const MaxBytes = 200 << 20

// BufferBytes is how much may wait to be sent before a Write blocks.
const BufferBytes = 64 << 10

// Response is what a handler returns to stream. It is an io.Reader and io.Closer that aws-lambda-go, or
// offload around it, reads and closes; a handler only makes and returns it. A Response is used once.
type Response struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	write  func(context.Context, *Writer) error
	http   bool
	head   Head

	prelude *bytes.Reader // what is left of it; nil: not yet made
	start   sync.Once
	body    *pipe.Pipe
	written chan struct{} // closed when write has returned
}

// New makes a streamed HTTP response. It has the status and headers of head; write is called when they are on their way,
// and its Writer's bytes are the body. ctx is the handler's: the one that write gets descends from it, is cancelled
// when the response is not sent any more, and takes offload.After until write has returned. When write returns nil, the response is complete; an
// error or a panic breaks it off (see the package documentation).
func New(ctx context.Context, head Head, write func(ctx context.Context, w *Writer) error) *Response {
	return newResponse(ctx, head, true, write)
}

// NewRaw makes a streamed response that is no HTTP response, for callers of InvokeWithResponseStream: there is no prelude.
func NewRaw(ctx context.Context, write func(ctx context.Context, w *Writer) error) *Response {
	return newResponse(ctx, Head{}, false, write)
}

func newResponse(ctx context.Context, head Head, isHTTP bool, write func(context.Context, *Writer) error) *Response {
	r := &Response{write: write, http: isHTTP, head: head, body: pipe.New(BufferBytes), written: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return r
}

// ContentType is asked for by aws-lambda-go.
func (r *Response) ContentType() string {
	if r.http {
		return ContentType
	}
	return "application/octet-stream"
}

// MarshalJSON fails, so that aws-lambda-go does not take the response for a value to encode.
func (r *Response) MarshalJSON() ([]byte, error) {
	return nil, errors.New("offloadstream: the response is a stream")
}

// Read gives the prelude, then the body. The function starts with the first Read: where nobody reads, nothing runs.
func (r *Response) Read(p []byte) (int, error) {
	if r.http {
		if r.prelude == nil {
			prelude, err := r.head.prelude()
			if err != nil {
				return 0, err
			}
			r.prelude = bytes.NewReader(prelude)
			r.run(len(prelude))
		}
		if r.prelude.Len() > 0 {
			return r.prelude.Read(p)
		}
	}
	r.run(0)
	return r.body.Read(p)
}

// run starts the function, once. used is what the prelude takes of MaxBytes.
func (r *Response) run(used int) {
	r.start.Do(func() {
		if deadline, ok := r.ctx.Deadline(); ok {
			r.body.SetWriteDeadline(deadline)
		}
		go func() {
			err := ErrGoexit
			defer func() {
				r.body.CloseWrite(err)
				r.cancel(context.Canceled)
				close(r.written)
			}()
			err = r.call(&Writer{pipe: r.body, left: MaxBytes - int64(used)})
		}()
	})
}

// call turns a panic into an error: the client's response breaks off, and the process lives on.
func (r *Response) call(w *Writer) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p := &PanicError{Value: v, Stack: debug.Stack()}
			slog.ErrorContext(r.ctx, "offloadstream: the function of a streamed response panicked", "panic", v, "stack", string(p.Stack))
			err = p
		}
	}()
	return r.write(r.ctx, w)
}

// Close is called when the response was sent or refused. If the function still runs, because it is not read to its
// end, its context is cancelled and its writes fail; Close waits for it, at most until the invocation's deadline.
func (r *Response) Close() error {
	r.body.CloseRead(nil)
	r.cancel(ErrNotRead)
	started := true
	r.start.Do(func() { started = false })
	if !started {
		return nil
	}
	var late <-chan time.Time
	if deadline, ok := r.ctx.Deadline(); ok {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-r.written:
	case <-late:
	}
	return nil
}

// Writer takes the body. Its methods may be called concurrently.
type Writer struct {
	pipe *pipe.Pipe

	mu   sync.Mutex
	left int64
}

// Write sends p as soon as it can be sent: there is nothing to flush. It returns when p is in the buffer, and blocks while
// [BufferBytes] wait there. The error is [ErrNotRead], [ErrTooLarge],
// or os.ErrDeadlineExceeded at the invocation's deadline.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if int64(len(p)) > w.left {
		w.pipe.Break(ErrTooLarge)
		return 0, ErrTooLarge
	}
	n, err := w.pipe.Write(p)
	w.left -= int64(n)
	return n, err
}

// WriteString is Write for a string.
func (w *Writer) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// Flush waits until the runtime has taken everything that was written. A stream does not need it; it is there for code that wants
// to know.
func (w *Writer) Flush() error { return w.pipe.Flush() }

var _ interface {
	io.Writer
	io.StringWriter
} = (*Writer)(nil)
