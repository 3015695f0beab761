package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Proxy stands between a function and the endpoints that it calls, and delays what
// passes. With a profile that adds nothing it is not in the way.
type Proxy struct {
	profile *Profile
	client  *http.Client // to what is behind
	base    context.Context
	cancel  context.CancelFunc
	servers []*http.Server
	serving sync.WaitGroup

	mu      sync.Mutex
	pending int           // asynchronous invocations on their way to the service
	changed chan struct{} // closed when pending becomes 0
	err     error         // the first that the service refused
}

// NewProxy returns a Proxy, which Close ends.
func NewProxy(profile *Profile) *Proxy {
	p := &Proxy{profile: profile, client: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}
	p.base, p.cancel = context.WithCancel(context.Background())
	return p
}

// SQS returns what a function calls instead of an SQS endpoint.
func (p *Proxy) SQS(endpoint string) (string, error) {
	return p.before(endpoint, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p.pause(r.Context(), SQSSend) {
				next.ServeHTTP(w, r)
			}
		})
	})
}

// Lambda returns what a function calls instead of the endpoint of the Lambda API.
// An asynchronous invocation is acknowledged after one delay and passed on
// after another: the time in Lambda's queue.
func (p *Proxy) Lambda(endpoint string) (string, error) {
	return p.before(endpoint, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Amz-Invocation-Type") != "Event" {
				next.ServeHTTP(w, r)
				return
			}
			body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
			if err != nil || !p.pause(r.Context(), Invoke) {
				return
			}
			p.add(1)
			p.serving.Go(func() {
				defer p.add(-1)
				p.pause(p.base, AsyncQueue)
				p.forward(endpoint, r, body)
			})
			w.WriteHeader(http.StatusAccepted)
		})
	})
}

// maxBody is what an asynchronous invocation takes at most, and one byte.
const maxBody = 1<<20 + 1

// forward hands an acknowledged event to the service.
func (p *Proxy) forward(endpoint string, r *http.Request, body []byte) {
	req, err := http.NewRequestWithContext(p.base, http.MethodPost, endpoint+r.URL.RequestURI(), bytes.NewReader(body))
	if err == nil {
		req.Header = r.Header.Clone()
		var res *http.Response
		if res, err = p.client.Do(req); err == nil {
			if res.StatusCode != http.StatusAccepted {
				err = fmt.Errorf("the service answered %s", res.Status)
			}
			err = errors.Join(err, res.Body.Close())
		}
	}
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = fmt.Errorf("an asynchronous invocation that was acknowledged: %w", err)
	}
}

// pause waits; false if the caller went away.
func (p *Proxy) pause(ctx context.Context, call string) bool {
	timer := time.NewTimer(p.profile.draw(call))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *Proxy) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending += n; p.pending == 0 && p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// Wait waits until no acknowledged event is held back. The error is the context's, or
// that of an event which the service refused.
func (p *Proxy) Wait(ctx context.Context) error {
	p.mu.Lock()
	if p.pending == 0 {
		err := p.err
		p.mu.Unlock()
		return err
	}
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	changed := p.changed
	p.mu.Unlock()
	select {
	case <-changed:
		return p.Wait(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// before serves a handler in front of an endpoint and returns its URL.
func (p *Proxy) before(endpoint string, delay func(http.Handler) http.Handler) (string, error) {
	if !p.profile.Modelled() {
		return endpoint, nil
	}
	target, err := url.Parse(endpoint)
	if err != nil {
		return "", fmt.Errorf("endpoint: %w", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(p.base, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen in front of %s: %w", endpoint, err)
	}
	next := &httputil.ReverseProxy{
		Transport: p.client.Transport,
		ErrorLog:  log.New(io.Discard, "", 0), // the function gets 502
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	server := &http.Server{Handler: delay(next), ReadHeaderTimeout: time.Minute}
	p.servers = append(p.servers, server)
	p.serving.Go(func() { _ = server.Serve(ln) }) // until Close
	return "http://" + ln.Addr().String(), nil
}

// Close ends the proxy; what it holds back is dropped.
func (p *Proxy) Close() error {
	p.cancel()
	var errs []error
	for _, s := range p.servers {
		errs = append(errs, s.Close())
	}
	p.serving.Wait()
	p.client.CloseIdleConnections()
	return errors.Join(errs...)
}
