package lambdatest

import (
	"context"
	"errors"
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

// copyStream hands a body on, flushing what the function wrote as it wrote it. A failure midway breaks the
// connection off, so that the client does not take a part for the whole.
func copyStream(w http.ResponseWriter, body io.Reader) {
	control := http.NewResponseController(w)
	if control.Flush() != nil {
		return
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return
			}
			if control.Flush() != nil {
				return
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the way to break off a response, says net/http
		}
	}
}
