package extension

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// serveRaw answers each request on each connection with what answer gives for its number, from 1; "" closes the
// connection instead.
func serveRaw(t *testing.T, answer func(request int) string) (address string, connections *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connections = new(atomic.Int32)
	var requests atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer func() { _ = conn.Close() }()
				for reader := bufio.NewReader(conn); ; {
					if _, err := http.ReadRequest(reader); err != nil {
						return
					}
					text := answer(int(requests.Add(1)))
					if _, err := conn.Write([]byte(text)); err != nil || text == "" {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String(), connections
}

func ok(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

const invoke = `{"eventType":"INVOKE","requestId":"request-1"}`

func TestOneConnectionForAllEvents(t *testing.T) {
	t.Parallel()
	address, connections := serveRaw(t, func(int) string { return ok(invoke) })
	c := newClient(address)
	for range 5 {
		if ev, err := c.next(); err != nil || ev.RequestID != "request-1" {
			t.Fatalf("%+v, %v", ev, err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("5 events took %d connections", n)
	}
}

// The other side may have closed the connection during a freeze.
func TestClosedConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	address, connections := serveRaw(t, func(request int) string {
		if request == 2 {
			return ""
		}
		return ok(invoke)
	})
	c := newClient(address)
	for i := range 3 {
		if _, err := c.next(); err != nil {
			t.Fatalf("event %d: %v", i+1, err)
		}
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestConnectionCloseIsHonoured(t *testing.T) {
	t.Parallel()
	address, connections := serveRaw(t, func(int) string {
		return strings.Replace(ok(invoke), "\r\n", "\r\nConnection: close\r\n", 1)
	})
	c := newClient(address)
	for range 2 {
		if _, err := c.next(); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestBadAnswers(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"none":        "",
		"not HTTP":    "hello\r\n\r\n",
		"not JSON":    ok("hello"),
		"endless":     ok(strings.Repeat(" ", maxEventBytes+1)),
		"an error":    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
		"a bad frame": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := serveRaw(t, func(int) string { return text })
			if ev, err := newClient(address).next(); err == nil {
				t.Errorf("%+v, no error", ev)
			}
		})
	}
}

func TestRegistrationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	address, _ := serveRaw(t, func(int) string {
		close(asked)
		return "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{" // and then nothing
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if err := newClient(address).register(ctx, "name", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if _, err := newClient(listener.Addr().String()).next(); err == nil {
		t.Error("no error")
	}
}
