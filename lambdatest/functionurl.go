package lambdatest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// urlServer is the function URL of one function.
type urlServer struct {
	lambda *Lambda
	*httpFront
}

func serveURL(ctx context.Context, l *Lambda) (*urlServer, error) {
	u := &urlServer{lambda: l}
	var err error
	if u.httpFront, err = listenHTTP(ctx, l.fn.URLAddr, u, l.service.logger); err != nil {
		return nil, fmt.Errorf("listen for the function URL: %w", err)
	}
	return u, nil
}

func (l *Lambda) stopURL() { l.url.close() }

// ServeHTTP turns an HTTP request into an event of payload format 2.0, and the function's response back.
func (u *urlServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, l := r.Context(), u.lambda
	id := newUUID()
	traceID := traceHeader(r)
	body, err := readPayload(r)
	var payload []byte
	if err == nil {
		payload, err = marshalEvent(newURLRequest(r, body, id, u.addr))
	}
	var inv *invocation
	if err == nil {
		inv, err = l.dispatch(ctx, request{
			id: id, payload: payload, isJSON: true, traceID: traceID, streaming: l.fn.URLMode == ResponseStream,
		})
	}
	if err == nil {
		err = inv.wait(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			writeAPIError(w, id, err)
		}
		return
	}
	w.Header().Set("X-Amzn-Requestid", id)
	w.Header().Set("X-Amzn-Trace-Id", inv.traceID)
	if inv.reply.stream != nil {
		u.stream(w, inv)
		return
	}
	if inv.reply.failure != nil {
		badGateway(w)
		return
	}
	if hasPrelude(inv.reply.contentType) {
		u.buffered(w, inv)
		return
	}
	res, err := parseURLResponse(inv.reply.body)
	if err != nil {
		l.service.logger.WarnContext(ctx, "response of the function is no HTTP response", "request", id, "error", err)
		badGateway(w)
		return
	}
	prelude{Headers: res.Headers, Cookies: res.Cookies}.apply(w.Header())
	if res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(res.body)))
	}
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(res.body)
}

// traceHeader returns the trace header of a request, which gets one if it has none: the function finds it in its event.
func traceHeader(r *http.Request) string {
	const name = "X-Amzn-Trace-Id"
	if r.Header.Get(name) == "" {
		r.Header.Set(name, newTraceID())
	}
	return r.Header.Get(name)
}

// badGateway is what the client of a function URL sees of any failure of the function.
func badGateway(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, "Internal Server Error")
}

// apply sets the headers of the response. Lambda takes over whatever the function says, so a header is not
// checked any further than net/http does it when it writes.
func (p prelude) apply(h http.Header) {
	h.Set("Content-Type", "application/json")
	for name, value := range p.Headers {
		h.Set(name, value)
	}
	for _, cookie := range p.Cookies {
		h.Add("Set-Cookie", cookie)
	}
	h.Del("Content-Length")
}

// buffered answers a URL in BUFFERED mode with a response that begins with a prelude.
func (u *urlServer) buffered(w http.ResponseWriter, inv *invocation) {
	p, body, err := readPrelude(bytes.NewReader(inv.reply.body))
	if err != nil {
		badGateway(w)
		return
	}
	p.apply(w.Header())
	w.WriteHeader(p.StatusCode)
	_, _ = io.Copy(w, body)
}

// stream hands the response on as the function writes it.
func (u *urlServer) stream(w http.ResponseWriter, inv *invocation) {
	// The function runs on when the client has gone, and the rest of its response is thrown away.
	defer func() { _ = inv.reply.stream.Close() }()
	var body io.Reader = inv.reply.stream
	p := prelude{StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": inv.reply.contentType}}
	if inv.reply.contentType == "" {
		p.Headers["Content-Type"] = "application/octet-stream"
	}
	if hasPrelude(inv.reply.contentType) {
		var err error
		if p, body, err = readPrelude(body); err != nil {
			badGateway(w)
			return
		}
	}
	p.apply(w.Header())
	w.WriteHeader(p.StatusCode)
	copyStream(w, body)
}
