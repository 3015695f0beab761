package sqstest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// TB is the part of testing.TB that Start uses.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Options configure a server. The zero value of each field is a working default,
// and a nil *Options is the zero value.
type Options struct {
	// Listen is the TCP address to serve on, 127.0.0.1:0 if empty. The server checks no
	// credentials: give it an address that others reach only on purpose.
	Listen string

	// InMemory serves on no socket: only clients made by Server.Client reach the server,
	// whose URL is http://sqs.test. This is what a testing/synctest bubble needs, because
	// a goroutine that waits for a socket keeps the bubble's clock from advancing.
	// Listen is ignored.
	InMemory bool

	// Region is the region in queue ARNs, us-east-1 if empty. Clients may sign for any region.
	Region string

	// AccountID is the account in queue URLs and ARNs, 12 digits, 123456789012 if empty.
	AccountID string

	// MaxInFlight is how many messages of one queue may be in flight, 120,000 if zero (the
	// quota of standard and FIFO queues alike). At the limit a short poll of a standard queue
	// fails with OverLimit; long polls and FIFO queues return nothing.
	MaxInFlight int

	// Seed makes faults with a probability repeatable: the same requests in the same order
	// meet the same faults. Zero is a seed like any other.
	Seed uint64
}

// Server is a running endpoint. Its methods are safe for concurrent use.
type Server struct {
	opts   Options
	url    string
	http   *http.Server
	dial   func(ctx context.Context, network, addr string) (net.Conn, error) // nil: the network
	served chan struct{}                                                     // closed when the accept loop is over

	closeOnce sync.Once
	closing   chan struct{}  // closed first: long polls, slow faults and move tasks end
	active    sync.WaitGroup // requests past their body, and move tasks

	mu         sync.Mutex
	closed     bool
	ahead      time.Duration
	queues     map[string]*queue
	deleted    map[string]time.Time // names that may not be used again yet
	queueSeq   uint64
	moves      []*moveTask
	requests   map[string]*RequestCount
	injected   []*Injected
	rng        *rand.Rand
	wake       chan struct{}
	transports []*http.Transport // of clients handed out, to close their idle connections
}

// Start runs a server for one test and closes it when the test ends. It fails the
// test when the address cannot be listened on.
func Start(tb TB, opts *Options) *Server {
	tb.Helper()
	s, err := New(opts)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// New runs a server. Close ends it.
func New(opts *Options) (*Server, error) {
	s := &Server{
		served:   make(chan struct{}),
		closing:  make(chan struct{}),
		queues:   map[string]*queue{},
		deleted:  map[string]time.Time{},
		requests: map[string]*RequestCount{},
	}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Region == "" {
		s.opts.Region = "us-east-1"
	}
	if s.opts.AccountID == "" {
		s.opts.AccountID = "123456789012"
	}
	if !accountPattern.MatchString(s.opts.AccountID) {
		return nil, fmt.Errorf("sqstest: account ID %q is not 12 digits", s.opts.AccountID)
	}
	if s.opts.MaxInFlight <= 0 {
		s.opts.MaxInFlight = defaultMaxInFlight
	}
	s.rng = rand.New(rand.NewPCG(s.opts.Seed, s.opts.Seed))

	var listener net.Listener
	if s.opts.InMemory {
		l := newPipeListener()
		listener, s.dial, s.url = l, l.dial, "http://sqs.test"
	} else {
		addr := s.opts.Listen
		if addr == "" {
			addr = "127.0.0.1:0"
		}
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("sqstest: %w", err)
		}
		listener, s.url = l, "http://"+l.Addr().String()
	}
	// No read or write timeout: either would cut a long poll short. The body has its own.
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	go func() {
		defer close(s.served)
		// Serve always returns an error; after Close it is the expected one.
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

// URL is the endpoint: the value for AWS_ENDPOINT_URL_SQS.
func (s *Server) URL() string { return s.url }

// Close ends long polls with an empty answer, lets other requests finish for up to
// a second, closes all connections and stops. Queues and messages are gone. Closing
// twice is harmless.
func (s *Server) Close() {
	s.closeOnce.Do(func() {
		s.mu.Lock()
		s.closed = true
		transports := s.transports
		s.mu.Unlock()
		close(s.closing)

		idle := make(chan struct{})
		go func() { s.active.Wait(); close(idle) }()
		grace := time.NewTimer(time.Second)
		select {
		case <-idle:
		case <-grace.C:
		}
		grace.Stop()
		// Shutdown first: an answer that is written but not yet flushed still reaches its client.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = s.http.Shutdown(ctx)
		cancel()
		_ = s.http.Close() // errors of closing a socket that nobody uses any more
		<-s.served
		<-idle
		for _, t := range transports {
			t.CloseIdleConnections()
		}
	})
}

// enter counts a piece of work that Close waits for; it reports false once the server closes.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.active.Add(1)
	return true
}
