package awsclient

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// What is worth waiting for. Each attempt is bounded by its context as well, which
// ends before the invocation does; these keep one dead connection from using up the
// time of all attempts. AWS answers within milliseconds; the default timeout of a
// function is 3 s.
const (
	connectTimeout  = 2 * time.Second
	tlsTimeout      = 2 * time.Second
	responseTimeout = 5 * time.Second

	// idleTimeout matters where nothing freezes; after a freeze connections are dropped.
	idleTimeout = 30 * time.Second

	// maxIdleConnections leaves most of the 1,024 file descriptors of an environment
	// (Lambda Developer Guide, "Lambda quotas") to the program.
	maxIdleConnections = 100
)

func newHTTPClient(connections int) *http.Client {
	connections = min(connections, maxIdleConnections)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSHandshakeTimeout:   tlsTimeout,
			ResponseHeaderTimeout: responseTimeout,
			MaxIdleConns:          connections,
			MaxIdleConnsPerHost:   connections,
			IdleConnTimeout:       idleTimeout,
			// Connections are made anew after each freeze; a resumed TLS session spares the
			// certificates, which is most of a handshake's CPU time.
			TLSClientConfig: &tls.Config{
				MinVersion:         tls.VersionTLS12,
				ClientSessionCache: tls.NewLRUClientSessionCache(connections),
			},
		},
		// A redirect is not followed: the request would not be signed for its target.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
