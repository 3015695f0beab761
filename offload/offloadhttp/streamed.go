package offloadhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-offload/lambda/offload/internal/pipe"
	"github.com/go-offload/lambda/offload/offloadstream"
)

// streamedWriter passes a response on as it is written.
type streamedWriter struct {
	response
	pipe     *pipe.Pipe
	deadline time.Time // of the invocation; zero: none
	left     int64     // of what Lambda streams
	begun    chan struct{}
	once     sync.Once // begun is closed
	failed   error     // the head cannot be sent
}

// begin sends status and headers, before the first bytes of the body. The head fits into the pipe's buffer, so this
// does not block.
func (w *streamedWriter) begin(body []byte) error {
	w.once.Do(func() {
		var prelude []byte
		if prelude, w.failed = (offloadstream.Head{Status: w.status, Header: w.head(body)}).Prelude(); w.failed != nil {
			return
		}
		w.left = offloadstream.MaxBytes - int64(len(prelude))
		_, w.failed = w.pipe.Write(prelude)
		close(w.begun)
	})
	return w.failed
}

// Write sends p at once: headers and content type are settled with the first call.
func (w *streamedWriter) Write(p []byte) (int, error) {
	send, err := w.take(p)
	if err != nil {
		return 0, err
	}
	if err := w.begin(p); err != nil {
		return 0, err
	}
	if !send {
		return len(p), nil
	}
	if int64(len(p)) > w.left {
		w.pipe.Break(offloadstream.ErrTooLarge)
		return 0, offloadstream.ErrTooLarge
	}
	n, err := w.pipe.Write(p)
	w.left -= int64(n)
	return n, err
}

func (w *streamedWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// FlushError implements http.ResponseController's Flush: it waits until the runtime has taken what was written.
func (w *streamedWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if err := w.begin(nil); err != nil {
		return err
	}
	return w.pipe.Flush()
}

// Flush implements http.Flusher.
func (w *streamedWriter) Flush() { _ = w.FlushError() }

// SetWriteDeadline implements http.ResponseController's optional method. A response with a write that was cut short
// by the deadline ends broken off. The invocation's own deadline stays.
func (w *streamedWriter) SetWriteDeadline(t time.Time) error {
	if t.IsZero() || !w.deadline.IsZero() && w.deadline.Before(t) {
		t = w.deadline
	}
	w.pipe.SetWriteDeadline(t)
	return nil
}

// stream serves a request with a response that goes out as it is written. It returns when status and headers are known.
func (a *adapter) stream(r *http.Request) (any, error) {
	ctx := r.Context()
	w := &streamedWriter{response: newResponse(r.Method), begun: make(chan struct{})}
	w.deadline, _ = ctx.Deadline()
	ready := make(chan struct{})
	body := pipe.Go(ctx, offloadstream.BufferBytes, func(ctx context.Context, p *pipe.Pipe) error {
		w.pipe = p
		close(ready)
		if err := a.call(w, r.WithContext(ctx)); err != nil {
			return err
		}
		if err := w.finish(); err != nil {
			return err
		}
		return w.begin(nil)
	})
	<-ready
	select {
	case <-w.begun:
	case <-body.Done():
		select {
		case <-w.begun:
		default:
			return nil, body.Err() // nothing was sent, so this can be the invocation's own error
		}
	}
	return &streamedBody{body: body, ctx: ctx}, nil
}

// streamedBody is the response as aws-lambda-go reads it.
type streamedBody struct {
	body *pipe.Body
	ctx  context.Context
	read int64
	end  error
}

func (b *streamedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.read += int64(n)
	b.end = err
	return n, err
}

// Close is called when the response was sent or refused.
func (b *streamedBody) Close() error {
	err := b.body.Close()
	if b.end == nil && b.read > maxBuffered {
		slog.ErrorContext(b.ctx, fmt.Sprintf("offloadhttp: the response was refused after %d bytes; more than 6 MB can only be streamed: check that the function URL has InvokeMode RESPONSE_STREAM (or the REST API response transfer mode STREAM)", b.read))
	}
	return err
}

// ContentType is asked for by aws-lambda-go.
func (*streamedBody) ContentType() string { return offloadstream.ContentType }

// MarshalJSON fails, so that aws-lambda-go takes it for a reader.
func (*streamedBody) MarshalJSON() ([]byte, error) {
	return nil, errors.New("offloadhttp: the response is a stream")
}
