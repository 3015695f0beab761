package lambdatest

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
)

// httpFront is a listener for HTTP requests to a function.
type httpFront struct {
	addr   string
	server *http.Server
}

func listenHTTP(ctx context.Context, addr string, h http.Handler, logger *slog.Logger) (*httpFront, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	f := &httpFront{
		addr:   ln.Addr().String(),
		server: &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn)},
	}
	go func() { _ = f.server.Serve(ln) }() // until close
	return f, nil
}

func (f *httpFront) close() { _ = f.server.Close() }

// readBody reads the body of a request, up to a limit. Beyond it the error is ErrTooLarge.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, ErrTooLarge
	}
	if r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = ErrTooLarge
	}
	return body, err
}
