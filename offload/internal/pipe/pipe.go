// Package pipe connects whoever produces a response to the runtime's POST that sends it.
package pipe

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// ErrClosedByReader is what a Write gets when nobody reads any more and CloseRead gave no reason.
var ErrClosedByReader = errors.New("offload: the response is not read any more")

// Pipe passes bytes from a writer to a reader as they come, and holds back the writer when the
// reader is slow. Unlike io.Pipe it has a small buffer, so that a writer of many small pieces
// does not switch goroutines for each of them: the reader takes what has gathered. It does
// not wait for more than one byte.
//
// All methods may be called concurrently; concurrent Writes are not interleaved within a
// buffer's length.
type Pipe struct {
	limit int

	mu       sync.Mutex
	change   sync.Cond // of anything below
	buf      []byte    // what was written and not read yet, from off
	off      int
	wrote    bool  // CloseWrite was called
	writeEnd error // what the reader gets after the buffer; nil: io.EOF
	readEnd  error // what writers get; nil: the reader is there
	broken   error // a Write was cut short: the reader must not take what it got for the whole
	deadline time.Time
	timer    *time.Timer
}

// New makes a pipe that holds up to limit bytes.
func New(limit int) *Pipe {
	p := &Pipe{limit: limit}
	p.change.L = &p.mu
	return p
}

// Write blocks until all of b fits into the buffer. It returns early when the reader is gone, when
// the write deadline passes (os.ErrDeadlineExceeded), or after CloseWrite (io.ErrClosedPipe). After a
// Write that came short the reader gets that error in the place of io.EOF.
func (p *Pipe) Write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if err := p.refused(); err != nil {
			if n < len(b) && p.broken == nil {
				p.broken = err
			}
			return n, err
		}
		if room := p.limit - (len(p.buf) - p.off); room > 0 && n < len(b) {
			p.compact()
			part := b[n:min(len(b), n+room)]
			p.buf = append(p.buf, part...)
			n += len(part)
			p.change.Broadcast()
		}
		if n == len(b) {
			return n, nil
		}
		p.change.Wait()
	}
}

// Flush blocks until the reader has taken everything that was written.
func (p *Pipe) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.off == len(p.buf) && p.readEnd == nil {
			return nil
		}
		if err := p.refused(); err != nil {
			return err
		}
		p.change.Wait()
	}
}

// refused gives the reason why writers cannot go on. p.mu is held.
func (p *Pipe) refused() error {
	switch {
	case p.readEnd != nil:
		return p.readEnd
	case p.wrote:
		return io.ErrClosedPipe
	case !p.deadline.IsZero() && !time.Now().Before(p.deadline):
		return os.ErrDeadlineExceeded
	}
	return nil
}

// compact moves what was not read to the front where that makes room. p.mu is held.
func (p *Pipe) compact() {
	if p.off == len(p.buf) {
		p.buf, p.off = p.buf[:0], 0
	} else if p.off >= p.limit {
		p.buf = p.buf[:copy(p.buf, p.buf[p.off:])]
		p.off = 0
	}
}

// SetWriteDeadline makes Write and Flush fail once t has passed. The zero time means no deadline.
func (p *Pipe) SetWriteDeadline(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.deadline = t
	if !t.IsZero() {
		p.timer = time.AfterFunc(time.Until(t), p.wake)
	}
	p.change.Broadcast()
}

func (p *Pipe) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change.Broadcast()
}

// Read blocks until there is at least one byte.
func (p *Pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.readEnd != nil:
			return 0, p.readEnd
		case p.off < len(p.buf):
			n := copy(b, p.buf[p.off:])
			p.off += n
			p.change.Broadcast()
			return n, nil
		case p.wrote && p.broken != nil:
			return 0, p.broken
		case p.wrote && p.writeEnd != nil:
			return 0, p.writeEnd
		case p.wrote:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		p.change.Wait()
	}
}

// Break makes the reader get err at the end, unless an earlier Write was cut short already.
func (p *Pipe) Break(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken == nil {
		p.broken = err
	}
}

// CloseWrite ends the writing: after what is in the buffer the reader gets err, or io.EOF if it is nil. Only the
// first call counts.
func (p *Pipe) CloseWrite(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrote {
		return
	}
	p.wrote, p.writeEnd = true, err
	if p.timer != nil {
		p.timer.Stop()
	}
	p.change.Broadcast()
}

// CloseRead ends the reading: writers get err, or ErrClosedByReader if it is nil. Only the first call counts.
func (p *Pipe) CloseRead(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readEnd != nil {
		return
	}
	if err == nil {
		err = ErrClosedByReader
	}
	p.readEnd = err
	p.change.Broadcast()
}
