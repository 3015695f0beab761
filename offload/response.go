package offload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	contentTypeJSON  = "application/json"
	contentTypeBytes = "application/octet-stream"
)

// maxBufferedResponse is the largest response that the Runtime API takes from a
// function that is not invoked with response streaming, 6 MB (Lambda Developer
// Guide, "Lambda quotas"). It refuses a larger one, and aws-lambda-go then exits.
const maxBufferedResponse = 6 * 1024 * 1024

// response is what our handler returns to aws-lambda-go, for every kind of
// result. aws-lambda-go reads it into the POST, and closes it when the POST is done,
// before it asks for the next event: Close is the signal that the response is out.
//
// Without an exported field it marshals to {}. That is how aws-lambda-go knows a reader
// that is to be sent as it is from a value to encode.
type response struct {
	_           incomparable
	scope       *scope
	body        io.Reader
	contentType string
	buffer      *bytes.Buffer // to give back; nil if body is the handler's
	failed      error         // of the hand-off at the end of the body
	read        int           // bytes so far

	// The transport may still read while aws-lambda-go closes a refused response.
	tooLarge atomic.Bool
	ended    atomic.Bool // the body was read to its end
	closed   atomic.Bool
}

var bufferPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// respond makes a response of a handler's result, with the precedence that
// aws-lambda-go has: a reader is sent as it is unless it marshals to more than {}.
func (o *offloader) respond(s *scope, result any) (*response, error) {
	if raw, ok := result.(*rawResult); ok {
		return &response{scope: s, body: bytes.NewReader(raw.bytes), contentType: raw.contentType}, nil
	}
	buffer := bufferPool.Get().(*bytes.Buffer)
	buffer.Reset()
	enc := json.NewEncoder(buffer)
	enc.SetEscapeHTML(false)
	if o.opts.encode != nil {
		o.opts.encode(enc)
	}
	err := enc.Encode(result)
	if reader, ok := result.(io.Reader); ok && (err != nil || strings.HasPrefix(buffer.String(), "{}")) {
		bufferPool.Put(buffer)
		return &response{scope: s, body: reader, contentType: contentTypeOf(reader)}, nil //nolint:nilerr // a reader need not marshal
	}
	if err != nil {
		bufferPool.Put(buffer)
		return nil, err
	}
	if o.opts.encode == nil {
		buffer.Truncate(buffer.Len() - 1) // the encoder's newline, as aws-lambda-go does
	}
	return &response{scope: s, body: buffer, contentType: contentTypeJSON, buffer: buffer}, nil
}

// contentTypeOf gives the content type that aws-lambda-go would send.
func contentTypeOf(result any) string {
	if typed, ok := result.(interface{ ContentType() string }); ok {
		return typed.ContentType()
	}
	if _, ok := result.(io.Reader); ok {
		return contentTypeBytes
	}
	return contentTypeJSON
}

// ContentType is asked for by aws-lambda-go.
func (r *response) ContentType() string { return r.contentType }

// Read passes the body on. At its end, tasks that were deferred while it was
// produced are handed off, before the client sees that the response is complete.
// A panic of the handler's reader ends the process, so the tasks come first.
func (r *response) Read(p []byte) (n int, err error) {
	if r.failed != nil {
		return 0, r.failed
	}
	panicked := true
	defer func() {
		if panicked {
			r.scope.final = true
			r.scope.keep()
		}
	}()
	n, err = r.body.Read(p)
	panicked = false
	if r.read += n; r.read > maxBufferedResponse {
		r.tooLarge.Store(true)
	}
	if err != io.EOF || r.ended.Swap(true) {
		return n, err
	}
	if r.failed = r.scope.handOff(); r.failed != nil && n > 0 {
		return n, nil // aws-lambda-go drops the bytes that come with an error
	} else if r.failed != nil {
		return 0, r.failed
	}
	return n, io.EOF
}

// Close is called after the response was sent, or refused.
func (r *response) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	err := r.closeBody()
	s := r.scope
	s.off.outer.check(s)
	// A response that was not read to its end, or that is too large for the Runtime
	// API, was probably refused: aws-lambda-go exits when this returns.
	s.final = s.final || !r.ended.Load() || r.tooLarge.Load()
	s.offerLoop()
	s.keep()
	s.withdrawLoop()
	return err
}

// closeBody closes the handler's reader, or gives it up when tasks have to end: a reader that hangs
// would take them along into the function's timeout.
func (r *response) closeBody() error {
	if r.buffer != nil {
		if r.ended.Load() { // otherwise the transport may still be reading it
			bufferPool.Put(r.buffer)
		}
		return nil
	}
	closer, ok := r.body.(io.Closer)
	if !ok {
		return nil
	}
	s := r.scope
	if s.tail.deadline.IsZero() {
		return s.closeProtected(closer)
	}
	result := make(chan error, 1)
	go func() {
		err := errCloseGoexit
		defer func() { result <- err }()
		err = s.closeProtected(closer)
	}()
	select {
	case err := <-result:
		return err
	case <-time.After(time.Until(s.tail.deadline)):
		s.off.log.ErrorContext(s, "offload: closing the handler's response takes longer than the invocation has; tasks end without waiting for it", s.logID())
		return errCloseLate
	}
}

var (
	errCloseGoexit = errors.New("offload: closing the response called runtime.Goexit")
	errCloseLate   = errors.New("offload: closing the response did not return in time")
)

// closeProtected contains a panic, which would kill the process after the response went out, and the tasks with it.
func (s *scope) closeProtected(closer io.Closer) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("offload: closing the response panicked: %v", v)
			s.off.log.ErrorContext(s, "offload: closing the handler's response panicked", "panic", v, s.logID())
		}
	}()
	return closer.Close()
}
