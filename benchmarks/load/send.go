package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// Answer is what became of a request.
type Answer struct {
	Intended, Sent, FirstByte, Done time.Time // zero: never
	Status                          int
	Err                             error // nil if the whole response came
}

// Client sends orders to one URL. It may be used concurrently.
type Client struct {
	url     string
	timeout time.Duration
	http    *http.Client
	own     *http.Transport
}

// maxAnswer bounds a response: what Lambda can stream at most.
const maxAnswer = 200 << 20

// NewClient returns a Client that waits for a response for at most timeout, or, if
// that is 0, for as long as it takes.
func NewClient(url string, timeout time.Duration) *Client {
	// Every request of a burst keeps its connection: making one is no part of
	// what is measured, and the warm-up makes them.
	t := &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: 1024, DisableCompression: true}
	return &Client{url: url, timeout: timeout, http: &http.Client{Transport: t}, own: t}
}

// Close closes idle connections.
func (c *Client) Close() { c.own.CloseIdleConnections() }

// Run sends request i at start plus schedule[i], with what body returns for it, and
// returns all answers when the last one has come. If ctx ends first, requests that
// are not yet due are not sent; their answers hold the context's error.
func (c *Client) Run(ctx context.Context, start time.Time, schedule []time.Duration, body func(i int) []byte) []Answer {
	answers := make([]Answer, len(schedule))
	bodies := make([][]byte, len(schedule))
	for i := range bodies {
		bodies[i] = body(i) // not while the clock runs
	}
	var open sync.WaitGroup
	for i, after := range schedule {
		intended := start.Add(after)
		if err := until(ctx, intended); err != nil {
			for j := i; j < len(schedule); j++ {
				answers[j].Err = err
			}
			break
		}
		open.Go(func() {
			answers[i] = c.send(ctx, bodies[i])
			answers[i].Intended = intended
		})
	}
	open.Wait()
	return answers
}

// ErrDeadline is the error of a request whose client has waited for as long as the workload says it does.
var ErrDeadline = errors.New("no response within the client's deadline")

func (c *Client) send(ctx context.Context, body []byte) (a Answer) {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, ErrDeadline)
		defer cancel()
	}
	var first atomic.Pointer[time.Time] // it may come when we have given up
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotFirstResponseByte: func() { first.Store(new(time.Now())) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		a.Err = err
		return a
	}
	req.Header.Set("Content-Type", "application/json")
	a.Sent = time.Now()
	a.Status, a.Err = c.exchange(req)
	if at := first.Load(); at != nil {
		a.FirstByte = *at
	}
	if a.Err == nil {
		a.Done = time.Now()
	} else if cause := context.Cause(ctx); cause != nil {
		a.Err = cause
	}
	return a
}

// exchange sends the request and reads the whole response.
func (c *Client) exchange(req *http.Request) (status int, err error) {
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	n, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && n > maxAnswer {
		err = fmt.Errorf("the response has more than %d bytes", maxAnswer)
	}
	return res.StatusCode, err
}
