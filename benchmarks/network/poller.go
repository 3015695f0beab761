package network

import (
	"net/http"
	"strings"
	"time"
)

// Poller is the client with which the event source mapping polls: messages reach it
// later than they were sent. It is nil if the profile adds nothing.
func (p *Profile) Poller() *http.Client {
	if !p.Modelled() {
		return nil
	}
	return &http.Client{Transport: late{p}}
}

type late struct{ profile *Profile }

// RoundTrip implements http.RoundTripper.
func (l late) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ReceiveMessage") {
		return res, err
	}
	timer := time.NewTimer(l.profile.draw(SQSDeliver))
	defer timer.Stop()
	select {
	case <-timer.C:
		return res, nil
	case <-r.Context().Done():
		_ = res.Body.Close() // nobody reads it
		return nil, r.Context().Err()
	}
}
