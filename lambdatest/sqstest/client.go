package sqstest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Client returns an HTTP client that reaches the server, the only way to it with
// Options.InMemory. Close closes its idle connections.
//
// Use it for an SDK client in the same process also without InMemory: it sends
// requests in one piece. aws-sdk-go-v2 closes the body of its request as soon as an
// answer begins, and a server as near as this one can be faster than net/http's last
// look at that body, which then counts as a failed write and ends the connection (about
// one request in twenty on a loopback socket; one in thousands loses its answer too).
func (s *Server) Client() *http.Client {
	t := &http.Transport{DialContext: s.dial, MaxIdleConnsPerHost: 16}
	s.mu.Lock()
	s.transports = append(s.transports, t)
	s.mu.Unlock()
	return &http.Client{Transport: wholeBody{t}}
}

// wholeBody hands net/http a request body that it knows to be in memory, so that it
// writes headers and body together.
type wholeBody struct{ *http.Transport }

func (t wholeBody) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return t.Transport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	closeErr := r.Body.Close()
	if err := errors.Join(err, closeErr); err != nil {
		return nil, err
	}
	whole := r.WithContext(r.Context()) // a RoundTripper must not change the request it got
	whole.Body = io.NopCloser(bytes.NewReader(body))
	whole.ContentLength = int64(len(body))
	return t.Transport.RoundTrip(whole)
}
