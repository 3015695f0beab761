package offloadhttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// What a buffered response may have, in bytes of the JSON that carries it.
const (
	// maxBuffered is the Runtime API's limit, 6 MB (Lambda Developer Guide, "Lambda quotas").
	maxBuffered = 6 << 20

	// maxLoadBalancer is 1 MB (Elastic Load Balancing, "Lambda functions as targets").
	maxLoadBalancer = 1 << 20
)

// sniffBytes is what http.DetectContentType looks at.
const sniffBytes = 512

// bufferedWriter collects a response that goes out in one piece.
type bufferedWriter struct {
	response
	ctx   context.Context
	body  bytes.Buffer
	eaten []byte // the beginning of a body that is not sent, for its type
	bare  bool   // flushed before the body began, so with nothing to find its type by
}

func (w *bufferedWriter) Write(p []byte) (int, error) {
	send, err := w.take(p)
	if err != nil {
		return 0, err
	}
	if !send {
		if w.eaten == nil {
			w.eaten = bytes.Clone(p[:min(len(p), sniffBytes)])
		}
		return len(p), nil
	}
	return w.body.Write(p)
}

func (w *bufferedWriter) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// What is said once in a process.
var warnFlush, warnCookies atomic.Bool

// FlushError implements http.ResponseController's Flush. Nothing can go out early, which is not the handler's fault
// nor the end of its response: it is said once, for it may be a mismatch of configuration.
func (w *bufferedWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.bare = w.bare || w.written == 0
	if !warnFlush.Swap(true) {
		slog.WarnContext(w.ctx, "offloadhttp: the handler flushes, but this response is buffered; to stream, set InvokeMode RESPONSE_STREAM on the function URL and "+
			modeVariable+"=RESPONSE_STREAM, or response transfer mode STREAM on the REST API and "+restVariable+"=STREAM")
	}
	return nil
}

// Flush implements http.Flusher.
func (w *bufferedWriter) Flush() { _ = w.FlushError() }

// SetWriteDeadline implements http.ResponseController's optional method. Writes never block.
func (w *bufferedWriter) SetWriteDeadline(time.Time) error { return nil }

// wireResponse is a response in the formats of all sources.
type wireResponse struct {
	StatusCode        int                 `json:"statusCode"`
	StatusDescription string              `json:"statusDescription,omitempty"`
	Headers           map[string]string   `json:"headers,omitempty"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders,omitempty"`
	Cookies           []string            `json:"cookies,omitempty"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
}

// encode gives the response as the event's source wants it.
func (w *bufferedWriter) encode(e *wireEvent) (*encoded, error) {
	wire := wireResponse{StatusCode: w.status}
	begin := w.body.Bytes()
	switch {
	case w.bare:
		begin = nil
	case w.eaten != nil:
		begin = w.eaten
	}
	header := w.head(begin)
	if w.method == http.MethodHead && w.length == -1 && w.written > 0 {
		header.Set("Content-Length", strconv.FormatInt(w.written, 10))
	}
	switch {
	case e.Version == "2.0":
		wire.Headers, wire.Cookies = joined(header)
	case e.source == LoadBalancer:
		wire.StatusDescription = strings.TrimSpace(fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)))
		if e.MultiValueHeaders == nil {
			wire.Headers = spelled(header)
			break
		}
		wire.MultiValueHeaders = header
	default:
		wire.MultiValueHeaders = header
	}
	// What is valid UTF-8 survives as text, whatever its type; a REST API decodes base64 only for its binary media
	// types. A NUL is found in no text, and takes six bytes in JSON.
	body := w.body.Bytes()
	if wire.IsBase64Encoded = !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0; wire.IsBase64Encoded {
		wire.Body = base64.StdEncoding.EncodeToString(body)
	} else {
		wire.Body = string(body)
	}

	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(wire); err != nil {
		return nil, err
	}
	switch n := out.Len(); {
	case e.source == LoadBalancer && n > maxLoadBalancer:
		return nil, fmt.Errorf("%w: %d bytes as JSON, an Application Load Balancer takes 1 MB from a function; put it into S3 and redirect", ErrTooLarge, n)
	case n > maxBuffered:
		return nil, fmt.Errorf("%w: %d bytes as JSON, a buffered response has at most 6 MB; stream it (offloadhttp.WithInvokeMode), or put it into S3 and redirect", ErrTooLarge, n)
	}
	return &encoded{bytes.NewReader(out.Bytes())}, nil
}

// spelled gives a load balancer without multi-value headers what it can take: one value a name. Cookies cannot be
// joined, so each goes under another spelling of the name, which is the same to a client.
func spelled(h http.Header) map[string]string {
	headers, cookies := joined(h)
	if len(cookies) > 1 && !warnCookies.Swap(true) {
		slog.Warn("offloadhttp: a response has several cookies, for which a load balancer needs multi-value headers: set lambda.multi_value_headers.enabled on the target group")
	}
	const name = "set-cookie"
	for i, cookie := range cookies {
		spelling := []byte(name)
		for bit, at := i, 0; bit > 0 && at < len(spelling); at++ {
			if c := spelling[at]; c >= 'a' && c <= 'z' {
				if bit&1 == 1 {
					spelling[at] = c - 'a' + 'A'
				}
				bit >>= 1
			}
		}
		headers[string(spelling)] = cookie
	}
	return headers
}

// encoded is JSON that aws-lambda-go passes on as it is.
type encoded struct{ *bytes.Reader }

// ContentType is asked for by aws-lambda-go.
func (*encoded) ContentType() string { return "application/json" }

// MarshalJSON fails, so that aws-lambda-go takes it for a reader.
func (*encoded) MarshalJSON() ([]byte, error) {
	return nil, errors.New("offloadhttp: the response is encoded already")
}
