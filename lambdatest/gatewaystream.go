package lambdatest

import (
	"context"
	"io"
	"net/http"
	"slices"
)

// streamGateway hands a streamed response on. API Gateway's limits ("Stream the integration response for your proxy
// integrations" in its Developer Guide): the prelude ends within 16 KB, or the client gets 500. Its bandwidth, 10 MB at
// once and 2 MB/s from there, is wider than that of the function. An idle timeout is left out.
func streamGateway(ctx context.Context, w http.ResponseWriter, stream *io.PipeReader) error {
	// The function runs on when the client has gone or was given up, and the rest of its response is thrown away.
	defer func() { _ = stream.Close() }()
	defer context.AfterFunc(ctx, func() { _ = stream.Close() })()
	p, body, err := readPrelude(stream)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	p.applyMulti(w.Header())
	w.WriteHeader(p.StatusCode)
	copyStream(w, body)
	return nil
}

// applyMulti is apply with multiValueHeaders, which API Gateway takes too and merges with the others.
func (p prelude) applyMulti(h http.Header) {
	p.apply(h)
	multi := http.Header{}
	for name, values := range p.MultiValueHeaders {
		for _, value := range values {
			multi.Add(name, value)
		}
	}
	for name, value := range p.Headers {
		if list := multi.Values(name); len(list) > 0 && !slices.Contains(list, value) {
			multi.Add(name, value)
		}
	}
	for name, values := range multi {
		if name == "Set-Cookie" {
			values = append(values, p.Cookies...)
		}
		h[name] = values
	}
}
