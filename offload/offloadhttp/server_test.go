package offloadhttp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// serve starts a server on the loopback interface. It is shut down at the end of the test, unless it was before.
func serve(t *testing.T, h http.HandlerFunc, opts ...Option) (s *Server, url string) {
	t.Helper()
	s, err := NewServer(h, opts...)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		if err := <-served; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s, "http://" + ln.Addr().String()
}

func get(t *testing.T, url string) (status int, body string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// The client has all of its response while the task still waits, also with a body of unknown length.
func TestTasksRunAfterTheResponse(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]http.HandlerFunc{
		"short": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "answer") },
		"chunked": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "ans")
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "wer")
		},
		"close": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, "answer")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hold, ran := make(chan struct{}), make(chan error, 1)
			_, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				err := offload.After(r.Context(), offload.Func("task", func(ctx context.Context) error {
					<-hold
					ran <- ctx.Err()
					return nil
				}))
				if err != nil {
					t.Error(err)
				}
				write(w, r)
			})
			if status, body, err := get(t, url); status != http.StatusOK || body != "answer" || err != nil {
				t.Errorf("%d %q %v", status, body, err)
			}
			close(hold)
			if err := <-ran; err != nil {
				t.Errorf("the task's context ended with the request: %v", err)
			}
		})
	}
}

// slowConn does not let a response out before the gate is open.
type slowConn struct {
	net.Conn
	writing chan<- struct{}
	gate    <-chan struct{}
}

func (c slowConn) Write(p []byte) (int, error) {
	c.writing <- struct{}{}
	<-c.gate
	return c.Conn.Write(p)
}

type slowListener struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(c), nil
}

// A task does not begin before net/http has written the response, which is after the handler returned.
func TestTasksDoNotBeginBeforeTheResponse(t *testing.T) {
	t.Parallel()
	began, writing, gate := make(chan struct{}), make(chan struct{}, 10), make(chan struct{})
	s, err := NewServer(handlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = offload.After(r.Context(), offload.Func("task", func(context.Context) error { close(began); return nil }))
		fmt.Fprint(w, "x")
	}))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- s.Serve(slowListener{ln, func(c net.Conn) net.Conn { return slowConn{c, writing, gate} }})
	}()
	answered := make(chan error, 1)
	go func() {
		_, _, err := get(t, "http://"+ln.Addr().String())
		answered <- err
	}()
	<-writing // the handler has returned
	select {
	case <-began:
		t.Error("the task began before the response was written")
	case <-time.After(20 * time.Millisecond):
	}
	close(gate)
	<-began
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if err := errors.Join(s.Shutdown(t.Context()), <-served); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestPanicsOfHandlersKeepTheirTasks(t *testing.T) {
	t.Parallel()
	ran := make(chan struct{})
	_, url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_ = offload.After(r.Context(), offload.Func("task", func(context.Context) error { close(ran); return nil }))
		panic(http.ErrAbortHandler)
	})
	if _, _, err := get(t, url); err == nil {
		t.Error("an answer")
	}
	<-ran
}

func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	hold, done := make(chan struct{}), make(chan struct{})
	s, url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_ = offload.After(r.Context(), offload.Func("task", func(context.Context) error { <-hold; close(done); return nil }))
	})
	if _, _, err := get(t, url); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	select {
	case err := <-stopped:
		t.Fatalf("shut down with a task left: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(hold)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	<-done
	if _, _, err := get(t, url); err == nil {
		t.Error("it still answers")
	}
}

// What does not end in time is cancelled, and reported as dropped.
func TestShutdownGivesUp(t *testing.T) {
	t.Parallel()
	events := make(chan offload.Event, 10)
	cause := make(chan error, 1)
	s, url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_ = offload.After(r.Context(), offload.Func("task", func(ctx context.Context) error {
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return ctx.Err()
		}))
	}, WithOffload(offload.WithObserver(offload.ObserverFunc(func(_ context.Context, e offload.Event) {
		if e.Kind.Terminal() {
			events <- e
		}
	}))))
	if _, _, err := get(t, url); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := <-cause; !errors.Is(err, offload.ErrShutdown) {
		t.Error(err)
	}
	if e := <-events; e.Kind != offload.Dropped || !errors.Is(e.Err, offload.ErrShutdown) {
		t.Errorf("%v %v", e.Kind, e.Err)
	}
}

// A hijacked connection is the handler's; its tasks begin when the handler returns.
func TestHijack(t *testing.T) {
	t.Parallel()
	ran := make(chan struct{})
	_, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = offload.After(r.Context(), offload.Func("task", func(context.Context) error { close(ran); return nil }))
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		fmt.Fprint(rw, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
		_ = rw.Flush()
	})
	if _, body, err := get(t, url); body != "hi" || err != nil {
		t.Error(body, err)
	}
	<-ran
}

func TestPipelinedRequests(t *testing.T) {
	t.Parallel()
	ran := make(chan string, 3)
	_, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = offload.After(r.Context(), offload.Func("task", func(context.Context) error { ran <- r.URL.Path; return nil }))
		fmt.Fprint(w, r.URL.Path)
	})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, path := range []string{"/1", "/2", "/3"} {
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	}
	in := bufio.NewReader(conn)
	seen := map[string]bool{}
	for range 3 {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		seen[<-ran] = true
	}
	if len(seen) != 3 {
		t.Error(seen)
	}
}

// The http.Server's own hooks still work, and HTTP/2 has tasks too.
func TestHTTP2AndHooks(t *testing.T) {
	t.Parallel()
	ran, states := make(chan int, 1), make(chan http.ConnState, 10)
	type key struct{}
	_, url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Context().Value(key{}) != 1 {
			t.Error("ConnContext was lost")
		}
		_ = offload.After(r.Context(), offload.Func("task", func(context.Context) error { ran <- r.ProtoMajor; return nil }))
	}, WithHTTPServer(func(s *http.Server) {
		s.Protocols = &http.Protocols{}
		s.Protocols.SetUnencryptedHTTP2(true)
		s.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { return context.WithValue(ctx, key{}, 1) }
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			select {
			case states <- state:
			default:
			}
		}
	}))
	transport := &http.Transport{Protocols: &http.Protocols{}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if major := <-ran; major != 2 {
		t.Errorf("HTTP/%d", major)
	}
	if <-states != http.StateNew {
		t.Error("ConnState was lost")
	}
}

// outbox is a sender that refuses everything.
type outbox struct{ err error }

func (outbox) Name() string                           { return "outbox" }
func (outbox) Open(context.Context, driver.Env) error { return nil }
func (outbox) Limits() driver.Limits                  { return driver.Limits{MessageBytes: 1 << 20} }

func (o outbox) Send(_ context.Context, batch []driver.Message) []error {
	if o.err == nil {
		return nil
	}
	errs := make([]error, len(batch))
	for i := range errs {
		errs[i] = o.err
	}
	return errs
}

var sent = offload.Define("offloadhttp-test-sent", func(context.Context, int) error { return nil })

// Senders of the chain send as on Lambda; if they cannot, the client must not see success.
func TestHandOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		err  error
	}{{"accepted", nil}, {"refused", errors.New("the queue is gone")}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if err := offload.After(r.Context(), sent.With(1)); err != nil {
					t.Error(err)
				}
				w.WriteHeader(http.StatusCreated)
			}, WithOffload(offload.WithStrategies(outbox{test.err}), offload.WithMargin(0)), WithHTTPServer(func(s *http.Server) {
				s.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
					ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond) // of retries
					context.AfterFunc(ctx, cancel)
					return ctx
				}
			}))
			status, _, err := get(t, url)
			if test.err == nil && status != http.StatusCreated || test.err != nil && err == nil {
				t.Error(status, err)
			}
		})
	}
}

func TestServerConfiguration(t *testing.T) {
	t.Parallel()
	if _, err := NewServer(nil); !errors.Is(err, offload.ErrConfig) {
		t.Error(err)
	}
	if _, err := NewServer(http.NotFoundHandler(), WithOffload(offload.WithStrategy("nonesuch"))); !errors.Is(err, offload.ErrUnknownStrategy) {
		t.Error(err)
	}
	s, err := NewServer(http.NotFoundHandler(), WithAddr("256.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ListenAndServe(); err == nil {
		t.Error("it listens nowhere")
	}
}
