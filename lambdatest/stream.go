package lambdatest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// Stream is the response of a function as it comes. Close it, or read it to its end: until then the function is held
// up once the buffers are full.
type Stream struct {
	RequestID     string
	EnvironmentID string
	ContentType   string // as the runtime posted it

	// StatusCode, Header and Cookies are those of the prelude if the function sent one (content type
	// application/vnd.awslambda.http-integration-response); otherwise 200 and empty. The prelude is not part of what is
	// read.
	StatusCode int
	Header     http.Header
	Cookies    []string

	body io.Reader
	raw  *io.PipeReader
}

// InvokeStream runs the function and returns its response as soon as the runtime begins to post it. A function that
// fails before that gets a *FunctionError here; one that fails later gets it from Read.
func (l *Lambda) InvokeStream(ctx context.Context, payload []byte) (*Stream, error) {
	inv, err := l.dispatch(ctx, request{payload: payload, streaming: true})
	if err != nil {
		return nil, err
	}
	if err := inv.wait(ctx); err != nil {
		return nil, err
	}
	if inv.reply.failure != nil {
		return nil, inv.reply.failure
	}
	s := &Stream{
		RequestID: inv.id, EnvironmentID: inv.environment.id, ContentType: inv.reply.contentType,
		StatusCode: http.StatusOK, Header: http.Header{}, raw: inv.reply.stream, body: inv.reply.stream,
	}
	if s.raw == nil { // not streamed after all
		s.body = bytes.NewReader(inv.reply.body)
	}
	if hasPrelude(s.ContentType) {
		stop := context.AfterFunc(ctx, func() { _ = s.Close() })
		p, body, err := readPrelude(s.body)
		if !stop() {
			return nil, fmt.Errorf("lambdatest: request %s: %w", inv.id, ctx.Err())
		}
		if err != nil {
			_ = s.Close()
			return nil, err
		}
		s.StatusCode, s.Cookies, s.body = p.StatusCode, p.Cookies, body
		for name, value := range p.Headers {
			s.Header.Set(name, value)
		}
	}
	return s, nil
}

// Read returns what the function has written. At the end it returns io.EOF, or a *FunctionError if the function failed
// after it had begun to answer.
func (s *Stream) Read(p []byte) (int, error) { return s.body.Read(p) }

// Close gives up the rest of the response. The function is not interrupted.
func (s *Stream) Close() error {
	if s.raw == nil {
		return nil
	}
	return s.raw.Close()
}
