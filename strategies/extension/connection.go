package extension

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// connection is the one connection to the Extensions API, as an http.RoundTripper. The extension wakes
// beside the handler at every invocation: http.Transport would bring two goroutines to
// that, which compete with the handler for a fraction of a CPU.
//
// It has no timeouts, for the environment may be frozen for hours while it waits for an
// event, and uses no proxy, for the API is local.
type connection struct {
	address string

	mu     sync.Mutex
	conn   net.Conn // nil: none
	reader *bufio.Reader
}

var errTooLong = errors.New("the answer of the Extensions API is longer than any it should give")

// RoundTrip sends a request and reads the answer to its end. A kept connection may have been closed by the other
// side: if it ends before an answer begins, the request goes out once more on a new one.
func (c *connection) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.conn != nil
	resp, begun, err := c.exchange(req)
	if err != nil && kept && !begun {
		if req.GetBody != nil {
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		resp, _, err = c.exchange(req)
	}
	if err != nil && req.Context().Err() != nil {
		err = req.Context().Err()
	}
	return resp, err
}

// exchange reports whether the answer has begun. After an error the connection is closed.
func (c *connection) exchange(req *http.Request) (resp *http.Response, begun bool, err error) {
	defer func() {
		if err != nil || resp.Close {
			c.close()
		}
	}()
	if c.conn == nil {
		if c.conn, err = new(net.Dialer).DialContext(req.Context(), "tcp", c.address); err != nil {
			return nil, false, err
		}
		c.reader = bufio.NewReader(c.conn)
	}
	conn := c.conn
	stop := context.AfterFunc(req.Context(), func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err = req.Write(c.conn); err != nil {
		return nil, false, err
	}
	if _, err = c.reader.Peek(1); err != nil {
		return nil, false, err
	}
	if resp, err = http.ReadResponse(c.reader, req); err != nil {
		return nil, true, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxEventBytes+1))
	if err == nil && len(body) > maxEventBytes {
		err = errTooLong
	}
	if err != nil {
		return nil, true, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, true, nil
}

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn, c.reader = nil, nil
	}
}
