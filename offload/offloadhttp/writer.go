package offloadhttp

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// response is what the two kinds of http.ResponseWriter have in common: they treat status and headers as net/http's
// does.
type response struct {
	method string
	header http.Header

	status  int         // 0: not yet set
	set     http.Header // as they were when the status was set
	length  int64       // that the handler declared; -1: none
	written int64       // bytes of the body that the handler wrote
}

func newResponse(method string) response {
	return response{method: method, header: http.Header{}, length: -1}
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. No source takes informational responses (1xx), so they are left out.
func (w *response) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // as in net/http
	case w.status != 0:
		slog.Warn("offloadhttp: the handler called WriteHeader again; only the first status counts", "first", w.status, "again", status)
		return
	case status < 200 && status != http.StatusSwitchingProtocols:
		return
	}
	w.status = status
	w.set = w.header.Clone()
	if w.set == nil {
		w.set = http.Header{}
	}
	if text := w.set.Get("Content-Length"); text != "" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			w.length = n
		} else {
			slog.Warn("offloadhttp: the handler set an invalid Content-Length, which is left out", "value", text)
			w.set.Del("Content-Length")
		}
	}
}

// take checks a piece of the body as net/http does, and reports whether it is to be sent.
func (w *response) take(p []byte) (send bool, err error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if len(p) == 0 {
		return false, nil
	}
	if !bodyAllowed(w.status) {
		return false, http.ErrBodyNotAllowed
	}
	if n := w.written + int64(len(p)); w.length != -1 && n > w.length {
		return false, http.ErrContentLength
	}
	w.written += int64(len(p))
	return w.method != http.MethodHead, nil
}

// finish completes what the handler left open, and tells whether the body is as long as it promised.
func (w *response) finish() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.method == http.MethodHead || !bodyAllowed(w.status) || w.length == -1 || w.written == w.length {
		return nil
	}
	return fmt.Errorf("%w: it declared a Content-Length of %d bytes and wrote %d", ErrAborted, w.length, w.written)
}

// head gives the headers to send; begin is the beginning of the body, of which the content type is found out if it
// was not set.
func (w *response) head(begin []byte) http.Header {
	h := cleaned(w.set)
	_, typed := w.set["Content-Type"] // also if it is nil, which says: none
	if !typed && len(begin) > 0 && w.set.Get("Content-Encoding") == "" && w.set.Get("Transfer-Encoding") == "" {
		h.Set("Content-Type", http.DetectContentType(begin))
	}
	return h
}

// bodyAllowed is the rule of RFC 9110, section 6.4.1, for responses other than to HEAD.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// The request's body is in memory before the handler starts, so these have nothing to do.

// EnableFullDuplex implements http.ResponseController's optional method.
func (w *response) EnableFullDuplex() error { return nil }

// SetReadDeadline implements http.ResponseController's optional method.
func (w *response) SetReadDeadline(time.Time) error { return nil }
