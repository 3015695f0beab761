package offloadhttp

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/go-offload/lambda/offload"
)

// adapter serves events with an http.Handler.
type adapter struct {
	handler http.Handler
	opts    options
}

func newAdapter(h http.Handler, opts []Option) (*adapter, error) {
	a := &adapter{handler: h, opts: options{getenv: os.Getenv}}
	if h == nil {
		return nil, fmt.Errorf("%w: the http.Handler is nil; http.DefaultServeMux has to be passed", offload.ErrConfig)
	}
	for _, opt := range opts {
		opt(&a.opts)
	}
	return a, a.opts.complete()
}

// Adapt gives a handler in a form that aws-lambda-go takes, without offloading: for wrappers that must come between
// the two, as in offload.Start(otellambda.InstrumentHandler(handler)). Wrappers that read the response themselves,
// as those around a lambda.Handler do, end streaming. Options of package offload and those of the server are
// ignored.
func Adapt(h http.Handler, opts ...Option) (func(context.Context, json.RawMessage) (any, error), error) {
	a, err := newAdapter(h, opts)
	if err != nil {
		return nil, err
	}
	return a.handle, nil
}

// handle is the Lambda handler. aws-lambda-go decodes a json.RawMessage into memory of its own, so the event stays
// valid in tasks.
func (a *adapter) handle(ctx context.Context, event json.RawMessage) (any, error) {
	e, err := decodeEvent(event)
	if e.source == 0 && a.opts.others != nil {
		return a.opts.others(ctx, event)
	}
	if err != nil {
		return nil, err
	}
	r, err := e.request(ctx, a.opts.basePath)
	if err != nil {
		return nil, err
	}
	if e.source == FunctionURL && a.opts.url == ResponseStream || e.source == RESTAPI && a.opts.rest == ResponseStream {
		return a.stream(r)
	}
	return a.buffer(r, e)
}

// buffer serves a request with a response that goes out in one piece.
func (a *adapter) buffer(r *http.Request, e *wireEvent) (any, error) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel() // as in net/http, the request's context ends with the handler
	w := &bufferedWriter{response: newResponse(r.Method), ctx: ctx}
	if err := a.call(w, r.WithContext(ctx)); err != nil {
		return nil, err
	}
	if err := w.finish(); err != nil {
		return nil, err
	}
	return w.encode(e)
}

// call runs the handler. A panic concerns only this request, as in net/http.
func (a *adapter) call(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			err = ErrAborted
		default:
			p := &PanicError{Value: v, Stack: debug.Stack()}
			slog.ErrorContext(r.Context(), "offloadhttp: the handler panicked", "panic", v, "stack", string(p.Stack), "method", r.Method, "path", r.URL.Path)
			err = p
		}
	}()
	a.handler.ServeHTTP(w, r)
	return nil
}
