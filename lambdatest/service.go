package lambdatest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Options of a Service. The zero value and nil are good.
type Options struct {
	// Addr is where the Lambda API listens. Default "127.0.0.1:0", a free port.
	Addr string
	// SQSEndpoint is the default of Function.SQSEndpoint.
	SQSEndpoint string
	// Logger receives what the service itself has to say, such as a connection that broke off. Default: nothing.
	Logger *slog.Logger
}

// Service is a local AWS Lambda. It hosts any number of functions under one endpoint. All methods may be called
// concurrently.
type Service struct {
	addr        string
	sqsEndpoint string
	logger      *slog.Logger
	spawner     *spawner
	server      *http.Server
	sqs         *http.Client // to destinations and dead-letter queues
	async       gate         // events in any queue

	mu      sync.Mutex
	lambdas map[string]*Lambda
	closed  bool
}

// New starts a service. Close it, or its processes live as long as this one.
func New(opts *Options) (*Service, error) {
	if !canFreeze {
		return nil, ErrUnsupported
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("lambdatest: listen for the Lambda API: %w", err)
	}
	s := &Service{
		addr: ln.Addr().String(), sqsEndpoint: o.SQSEndpoint, logger: o.Logger, spawner: newSpawner(),
		sqs: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}, lambdas: map[string]*Lambda{},
	}
	s.server = &http.Server{Handler: s.api(), ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn)}
	go func() { _ = s.server.Serve(ln) }() // until Close
	return s, nil
}

// Endpoint is the URL of the Lambda API, the value for AWS_ENDPOINT_URL_LAMBDA or an SDK client's BaseEndpoint.
func (s *Service) Endpoint() string { return "http://" + s.addr }

// Deploy makes a function available, building it if needed. No process is started: as on AWS, the first request does
// that. A build that fails wraps ErrBuild. A name that is taken is an error.
func (s *Service) Deploy(ctx context.Context, f Function) (*Lambda, error) {
	if f.SQSEndpoint == "" {
		f.SQSEndpoint = s.sqsEndpoint
	}
	fn, err := f.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("lambdatest: deploy: %w", err)
	}
	if fn.Dir, err = filepath.Abs(fn.Dir); err != nil {
		return nil, fmt.Errorf("lambdatest: deploy %s: %w", fn.Name, err)
	}
	// A process that cannot change to its directory would be reported as a program that is not there.
	if info, err := os.Stat(fn.Dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("lambdatest: deploy %s: function field Dir: there is no directory %s", fn.Name, fn.Dir)
	}
	command := fn.Command
	if fn.Package != "" {
		program, err := Build(ctx, fn.Dir, fn.Package, fn.BuildArgs...)
		if err != nil {
			return nil, fmt.Errorf("lambdatest: deploy %s: %w", fn.Name, err)
		}
		command = []string{program}
	}
	if command, err = resolve(fn.Dir, command); err != nil {
		return nil, fmt.Errorf("lambdatest: deploy %s: %w", fn.Name, err)
	}
	extensions := make([][]string, len(fn.Extensions))
	for i, ext := range fn.Extensions {
		if extensions[i], err = resolve(fn.Dir, ext); err != nil {
			return nil, fmt.Errorf("lambdatest: deploy %s: extension: %w", fn.Name, err)
		}
	}
	fn.Extensions = extensions

	l, err := newLambda(ctx, s, fn, command)
	if err != nil {
		return nil, fmt.Errorf("lambdatest: deploy %s: %w", fn.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		l.stopURL()
		return nil, ErrClosed
	case s.lambdas[fn.Name] != nil:
		l.stopURL()
		return nil, fmt.Errorf("lambdatest: deploy %s: a function of that name is deployed already", fn.Name)
	}
	s.lambdas[fn.Name] = l
	return l, nil
}

// lookup finds a function by name.
func (s *Service) lookup(name string) *Lambda {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lambdas[name]
}

func (s *Service) all() []*Lambda {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.lambdas))
}

func (s *Service) forget(l *Lambda) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lambdas[l.fn.Name] == l {
		delete(s.lambdas, l.fn.Name)
	}
}

// Close kills every process at once and returns when none is left; for the shutdown phase call Lambda.Shutdown first.
// Calling it again does nothing.
func (s *Service) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	for _, l := range s.all() {
		l.Close()
	}
	s.sqs.CloseIdleConnections()
	err := s.server.Close()
	s.spawner.close()
	return err
}
