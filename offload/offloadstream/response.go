package offloadstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/go-offload/lambda/offload/internal/pipe"
)

// MaxBytes is the size of the largest response that Lambda streams, prelude included: 200 MB (Lambda Developer
// Guide, "Lambda quotas", where 1 MB is 1,024 KB).
const MaxBytes = 200 << 20

// BufferBytes is how much may wait to be sent before a Write blocks.
const BufferBytes = 64 << 10

// Response is what a handler returns to stream. It is an io.Reader and io.Closer that aws-lambda-go, or
// offload around it, reads and closes; a handler only makes and returns it. A Response is used once.
type Response struct {
	ctx   context.Context
	write func(context.Context, *Writer) error
	http  bool
	head  Head

	prelude *bytes.Reader // what is left of it; nil: not yet made
	start   sync.Once
	body    *pipe.Body // nil: closed before it was read
}

// New makes a streamed HTTP response. It has the status and headers of head; write is called when they are on their
// way, and its Writer's bytes are the body. ctx is the handler's: the one that write gets descends from it, is
// cancelled when the response is not sent any more, and takes offload.After. When write returns nil, the response
// is complete; an error or a panic breaks it off (see the package documentation).
func New(ctx context.Context, head Head, write func(ctx context.Context, w *Writer) error) *Response {
	return &Response{ctx: ctx, write: write, http: true, head: head}
}

// NewRaw makes a streamed response that is no HTTP response, for callers of InvokeWithResponseStream: there is no
// prelude.
func NewRaw(ctx context.Context, write func(ctx context.Context, w *Writer) error) *Response {
	return &Response{ctx: ctx, write: write}
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
	if r.http && r.prelude == nil {
		prelude, err := r.head.Prelude()
		if err != nil {
			return 0, err
		}
		r.prelude = bytes.NewReader(prelude)
	}
	r.start.Do(r.run)
	switch {
	case r.http && r.prelude.Len() > 0:
		return r.prelude.Read(p)
	case r.body == nil:
		return 0, ErrNotRead
	}
	return r.body.Read(p)
}

// run starts the function.
func (r *Response) run() {
	left := int64(MaxBytes)
	if r.http {
		left -= r.prelude.Size()
	}
	r.body = pipe.Go(r.ctx, BufferBytes, func(ctx context.Context, p *pipe.Pipe) (err error) {
		defer func() {
			if v := recover(); v != nil { // the client's response breaks off, and the process lives on
				panicked := &PanicError{Value: v, Stack: debug.Stack()}
				slog.ErrorContext(ctx, "offloadstream: the function of a streamed response panicked", "panic", v, "stack", string(panicked.Stack))
				err = panicked
			}
		}()
		return r.write(ctx, &Writer{pipe: p, left: left})
	})
}

// Close is called when the response was sent or refused. If the function still runs, because its response was not
// read to the end, its context is cancelled and its writes fail; Close waits for it, at most until the invocation's
// deadline.
func (r *Response) Close() error {
	r.start.Do(func() {})
	if r.body == nil {
		return nil
	}
	return r.body.Close()
}

// Writer takes the body. Its methods may be called concurrently.
type Writer struct {
	pipe *pipe.Pipe

	mu   sync.Mutex
	left int64
}

// Write sends p as soon as it can be sent: there is nothing to flush. It returns when p is in the buffer, and
// blocks while [BufferBytes] wait there. The error is [ErrNotRead], [ErrTooLarge], or os.ErrDeadlineExceeded at the
// invocation's deadline.
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

// Flush waits until the runtime has taken everything that was written. A stream does not need it; it is there for
// code that wants to know.
func (w *Writer) Flush() error { return w.pipe.Flush() }

var _ interface {
	io.Writer
	io.StringWriter
} = (*Writer)(nil)
