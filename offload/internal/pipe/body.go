package pipe

import (
	"context"
	"errors"
	"time"
)

// ErrGoexit is the end of a body whose function ended its goroutine.
var ErrGoexit = errors.New("offload: the function that writes the response called runtime.Goexit")

// Body is a response that a function writes while it is sent.
type Body struct {
	pipe   *Pipe
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}
	err    error // of write; set before done is closed
}

// Go calls write in a goroutine. Its context is cancelled when it has returned, and, with ErrClosedByReader as the
// cause, when the body is closed before. Writes fail at the deadline of ctx.
func Go(ctx context.Context, limit int, write func(context.Context, *Pipe) error) *Body {
	b := &Body{pipe: New(limit), done: make(chan struct{}), err: ErrGoexit}
	b.ctx, b.cancel = context.WithCancelCause(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		b.pipe.SetWriteDeadline(deadline)
	}
	go func() {
		defer func() {
			b.pipe.CloseWrite(b.err)
			b.cancel(context.Canceled)
			close(b.done)
		}()
		b.err = write(b.ctx, b.pipe)
	}()
	return b
}

// Read gives what write writes, and its error at the end.
func (b *Body) Read(p []byte) (int, error) { return b.pipe.Read(p) }

// Done is closed when write has returned.
func (b *Body) Done() <-chan struct{} { return b.done }

// Err is the error of write. It is valid when Done is closed.
func (b *Body) Err() error { return b.err }

// Close ends the reading, and waits for write to return, but not beyond the deadline: what it defers is known then.
func (b *Body) Close() error {
	b.pipe.CloseRead(nil)
	b.cancel(ErrClosedByReader)
	var late <-chan time.Time
	if deadline, ok := b.ctx.Deadline(); ok {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-b.done:
	case <-late:
	}
	return nil
}
