package lambdatest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// upload is the body of one POST to response or error.
type upload struct {
	inv         *invocation
	limit       int64
	contentType string
	trailers    bool // errors in trailers count

	body      []byte
	failure   *FunctionError
	tooLarge  bool
	truncated bool
}

func (u *upload) reply() reply {
	return reply{contentType: u.contentType, body: u.body, failure: u.failure}
}

// collect reads a buffered response.
func (u *upload) collect(r *http.Request) {
	size := int64(512)
	if r.ContentLength >= 0 {
		size = min(r.ContentLength, u.limit) + 1
	}
	body := make([]byte, 0, size)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > u.limit {
			u.overflow(r)
			return
		}
		if err != nil {
			u.end(r, err)
			break
		}
	}
	if u.failure == nil {
		u.body = body
	}
}

// stream hands the response on as it comes, and holds up the function when the caller is slow or the bandwidth used up:
// nothing is read ahead. When the caller has gone, the rest is still read: the function does not learn of it.
func (sb *sandbox) stream(u *upload, r *http.Request) {
	pr, pw := io.Pipe()
	sb.mu.Lock()
	if u.inv.fault != nil {
		sb.mu.Unlock()
		return
	}
	u.inv.stream = pw
	sb.mu.Unlock()
	if !u.inv.answer(reply{contentType: u.contentType, stream: pr}) {
		_ = pr.Close() // the caller has gone already
	}

	pace := newBandwidth(sb.fn.StreamBandwidth)
	buf := make([]byte, 32<<10)
	var total int64
	for {
		n, err := r.Body.Read(buf)
		pace.pass(r.Context(), n)
		total += int64(n)
		if total > u.limit {
			u.overflow(r)
			return
		}
		if n > 0 {
			_, _ = pw.Write(buf[:n]) // fails when the caller has gone
		}
		if err != nil {
			u.end(r, err)
			return
		}
	}
}

// overflow reads on, so that the runtime gets to see the 413 instead of a broken connection. AWS's emulator puts the size into
// the message, AWS does not (recorded by LocalStack's tests, test_lambda_too_large_response, November 2025).
func (u *upload) overflow(r *http.Request) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, MaxStreamedResponse)) // whatever becomes of the rest
	u.tooLarge = true
	u.failure = u.inv.failure(&fault{errorType: errResponseTooLarge})
	u.failure.Payload = errorDocument{
		ErrorType:    errResponseTooLarge,
		ErrorMessage: fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", u.limit),
	}.encode()
}

// end looks at how the body ended, and at its trailers.
func (u *upload) end(r *http.Request, err error) {
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		u.truncated = true
		u.failure = u.inv.failure(&fault{errorType: errTruncatedResponse, message: "Response was truncated"})
		return
	}
	errorType := r.Trailer.Get(headerErrorType)
	if !u.trailers || errorType == "" {
		return // AWS ignores the trailers of a response that was not announced as a stream
	}
	encoded := r.Trailer.Get(headerErrorBody)
	body, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		body = []byte(encoded)
	}
	u.failure = &FunctionError{RequestID: u.inv.id, Type: errorType, Payload: body}
}
