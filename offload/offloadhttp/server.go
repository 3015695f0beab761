package offloadhttp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/go-offload/lambda/offload"
)

// Server is an ordinary HTTP server for the same handlers: outside Lambda, in a container or on a laptop. Tasks run
// after the response is out, in this process; strategies of the chain that send tasks do so, see offload.Process.
// [Start] uses one; make one yourself for another life cycle. Its methods may be called concurrently.
//
// A response is out when net/http has written it to the connection. With HTTP/2 that cannot be seen, and tasks
// begin when the handler has returned.
type Server struct {
	opts    options
	handler http.Handler
	process *offload.Process
	server  *http.Server

	conns sync.Map // of net.Conn to *connection
}

// NewServer makes a server and opens the strategies that send tasks.
func NewServer(h http.Handler, opts ...Option) (*Server, error) {
	a, err := newAdapter(h, opts)
	if err != nil {
		return nil, err
	}
	process, err := offload.NewProcess(a.opts.offload...)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: a.opts, handler: h, process: process, server: &http.Server{Addr: a.opts.addr, ReadHeaderTimeout: readHeaderTimeout}}
	for _, configure := range a.opts.httpServer {
		configure(s.server)
	}
	s.server.Handler = http.HandlerFunc(s.serve)
	s.hook()
	return s, nil
}

// ListenAndServe serves on the address of [WithAddr] until Shutdown, and then returns nil.
func (s *Server) ListenAndServe() error {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.server.Addr)
	if err != nil {
		return err
	}
	slog.Info("offloadhttp: this is not Lambda, so here is an HTTP server", "url", "http://"+ln.Addr().String())
	return s.Serve(ln)
}

// Serve serves on ln until Shutdown, and then returns nil. It closes ln.
func (s *Server) Serve(ln net.Listener) error {
	if err := s.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown stops listening, waits for requests to be answered, and then for their tasks to end. If ctx ends before,
// the context of what still runs is cancelled, and Shutdown returns its error: requests are cut off, and tasks go
// down the chain or are dropped. After that the server cannot be used again.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		_ = s.server.Close() // cancels the requests' contexts
	}
	return errors.Join(err, s.process.Shutdown(ctx))
}

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	tail, err := s.process.Do(r.Context(), func(ctx context.Context) error {
		s.handler.ServeHTTP(w, r.WithContext(ctx))
		return nil
	})
	if c, ok := r.Context().Value(connectionKey{}).(*connection); ok && r.ProtoMajor == 1 {
		c.after(tail)
	} else {
		go tail()
	}
	if err != nil {
		// The response was a success and its tasks are not durable. What of it is not sent yet must not be.
		slog.ErrorContext(r.Context(), "offloadhttp: tasks could not be handed off, the response is broken off", "error", err, "method", r.Method, "path", r.URL.Path)
		panic(http.ErrAbortHandler)
	}
}

// connection knows the tail that waits for the response on it.
type connection struct {
	mu   sync.Mutex
	tail func()
	free bool // hijacked: net/http does not tell any more
}

type connectionKey struct{}

// after keeps a tail until the response is out.
func (c *connection) after(tail func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.free {
		go tail()
		return
	}
	c.tail = tail
}

// release starts the tail.
func (c *connection) release(free bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = c.free || free
	if c.tail != nil {
		go c.tail()
		c.tail = nil
	}
}

// hook watches the connections: one is idle or closed when the response on it has been written.
func (s *Server) hook() {
	userContext, userState := s.server.ConnContext, s.server.ConnState
	s.server.ConnContext = func(ctx context.Context, nc net.Conn) context.Context {
		if userContext != nil {
			ctx = userContext(ctx, nc)
		}
		c := &connection{}
		s.conns.Store(nc, c)
		return context.WithValue(ctx, connectionKey{}, c)
	}
	s.server.ConnState = func(nc net.Conn, state http.ConnState) {
		if userState != nil {
			userState(nc, state)
		}
		if state == http.StateNew || state == http.StateActive {
			return
		}
		found, ok := s.conns.Load(nc)
		if !ok {
			return
		}
		found.(*connection).release(state != http.StateIdle)
		if state != http.StateIdle {
			s.conns.Delete(nc)
		}
	}
}
