package stack

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// gateway is a REST API with a non-proxy integration whose request has the header
// X-Amz-Invocation-Type: 'Event': the client's body becomes the event, and the client
// gets the 202 that Lambda answers when it has queued it (API Gateway Developer Guide,
// "Set up asynchronous invocation of the backend Lambda function").
type gateway struct {
	server *http.Server
	served chan struct{}
}

// startGateway puts a gateway before the function.
func (l *Local) startGateway(ctx context.Context) error {
	target, err := url.Parse(l.service.Endpoint() + "/2015-03-31/functions/" + l.front.Name() + "/invocations")
	if err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the REST API: %w", err)
	}
	g := &gateway{served: make(chan struct{})}
	g.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), // the client gets 502
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL = target
			r.Out.Host = target.Host
			r.Out.Header.Set("X-Amz-Invocation-Type", "Event")
		},
	}}
	go func() {
		defer close(g.served)
		_ = g.server.Serve(ln) // until Close
	}()
	l.fronts, l.url = g, "http://"+ln.Addr().String()+"/"
	return nil
}

// Close implements io.Closer.
func (g *gateway) Close() error {
	err := g.server.Close()
	<-g.served
	return err
}
