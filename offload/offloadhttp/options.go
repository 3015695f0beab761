package offloadhttp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-offload/lambda/offload"
)

// The environment variables, for what code does not set.
const (
	modeVariable     = "OFFLOAD_HTTP_INVOKE_MODE"
	restVariable     = "OFFLOAD_HTTP_REST_TRANSFER_MODE"
	basePathVariable = "OFFLOAD_HTTP_BASE_PATH"
	drainVariable    = "OFFLOAD_HTTP_SHUTDOWN_TIMEOUT"
	addrVariable     = "ADDR"
	portVariable     = "PORT"
)

// Defaults of the server outside Lambda.
const (
	// DefaultAddr is where it listens if neither code nor ADDR or PORT says otherwise: on this machine only.
	DefaultAddr = "127.0.0.1:8080"

	// DefaultShutdownTimeout is how long requests and tasks may take to finish after SIGTERM. Container platforms
	// commonly send SIGKILL after 30 s (Kubernetes, "Termination of Pods"; Amazon ECS, "stopTimeout").
	DefaultShutdownTimeout = 25 * time.Second

	// readHeaderTimeout ends connections that never complete a request.
	readHeaderTimeout = 10 * time.Second
)

// InvokeMode says how a function URL, or an integration of a REST API, takes responses.
type InvokeMode int

const (
	// Buffered responses go out when the handler has returned, at most 6 MB. It is the default, as on AWS.
	Buffered InvokeMode = iota + 1

	// ResponseStream responses go out as they are written, at most 200 MB.
	ResponseStream
)

// String gives AWS's name of the mode.
func (m InvokeMode) String() string {
	if m == ResponseStream {
		return "RESPONSE_STREAM"
	}
	return "BUFFERED"
}

// Option configures [Start], [Wrap], [Adapt] and [NewServer]. What an option sets takes precedence over the
// environment variable for the same thing.
type Option func(*options)

type options struct {
	offload    []offload.Option
	url, rest  InvokeMode
	basePath   string
	others     func(context.Context, json.RawMessage) (any, error)
	addr       string
	drain      time.Duration
	httpServer []func(*http.Server)
	getenv     func(string) string
}

// WithOffload passes options to package offload: strategy, concurrency, observers and so on.
func WithOffload(opts ...offload.Option) Option {
	return func(o *options) { o.offload = append(o.offload, opts...) }
}

// WithInvokeMode tells the InvokeMode of the function URL: a function cannot see it. It must be what the URL is
// configured with. If the URL streams and the function does not, clients get the JSON of the response as a 200; the
// other way round was not verified on AWS. It concerns function URLs only: HTTP APIs and load balancers cannot
// stream and always get a buffered response. The environment variable is OFFLOAD_HTTP_INVOKE_MODE, BUFFERED (the
// default) or RESPONSE_STREAM.
func WithInvokeMode(m InvokeMode) Option {
	return func(o *options) { o.url = m }
}

// WithRESTInvokeMode tells the response transfer mode of the REST API's integrations. It must be what they are
// configured with: if they stream and the function does not, clients get a 500; the other way round, status and
// headers without a body (API Gateway Developer Guide, "Set up a Lambda proxy integration with payload response
// streaming"). The environment variable is OFFLOAD_HTTP_REST_TRANSFER_MODE, BUFFERED (the default) or STREAM.
func WithRESTInvokeMode(m InvokeMode) Option {
	return func(o *options) { o.rest = m }
}

// WithBasePath removes a prefix, such as "/v1", from the paths that the handler sees, where they have it: an API
// mapping of a custom domain leaves it there. The stage of an HTTP API is removed anyway. The environment variable
// is OFFLOAD_HTTP_BASE_PATH.
func WithBasePath(prefix string) Option {
	return func(o *options) { o.basePath = prefix }
}

// WithOtherEvents sets who handles events that are not HTTP requests, such as those of a schedule. Its result is
// treated as that of any handler. Without it such an event fails with [ErrEvent]. Tasks that arrive in events
// (package offload's worker) are dealt with before and need nothing.
func WithOtherEvents(handle func(ctx context.Context, event json.RawMessage) (any, error)) Option {
	return func(o *options) { o.others = handle }
}

// WithAddr sets where the server outside Lambda listens, as in net.Listen. The environment variables are ADDR and,
// for the port alone, PORT. The default is [DefaultAddr].
func WithAddr(addr string) Option {
	return func(o *options) { o.addr = addr }
}

// WithShutdownTimeout sets how long [Start] outside Lambda lets requests and tasks finish after SIGTERM or SIGINT.
// The environment variable is OFFLOAD_HTTP_SHUTDOWN_TIMEOUT, in the form of time.ParseDuration. The default is
// [DefaultShutdownTimeout].
func WithShutdownTimeout(d time.Duration) Option {
	return func(o *options) { o.drain = d }
}

// WithHTTPServer changes the http.Server that is used outside Lambda, for timeouts and the like, before it starts.
// Handler is set afterwards.
func WithHTTPServer(configure func(*http.Server)) Option {
	return func(o *options) { o.httpServer = append(o.httpServer, configure) }
}

// complete fills in what code left open, from the environment and the defaults. Errors are of the class
// offload.ErrConfig.
func (o *options) complete() error {
	var err error
	if o.url, err = completeMode("WithInvokeMode", o.url, modeVariable, o.getenv(modeVariable), "RESPONSE_STREAM"); err != nil {
		return err
	}
	if o.rest, err = completeMode("WithRESTInvokeMode", o.rest, restVariable, o.getenv(restVariable), "STREAM"); err != nil {
		return err
	}
	if o.basePath == "" {
		o.basePath = o.getenv(basePathVariable)
	}
	if o.basePath = strings.Trim(o.basePath, "/"); o.basePath != "" {
		o.basePath = "/" + o.basePath
	}
	if o.addr == "" {
		o.addr = o.getenv(addrVariable)
	}
	if port := o.getenv(portVariable); o.addr == "" && port != "" {
		o.addr = ":" + port
	}
	if o.addr == "" {
		o.addr = DefaultAddr
	}
	if v := o.getenv(drainVariable); o.drain == 0 && v != "" {
		if o.drain, err = time.ParseDuration(v); err != nil {
			return fmt.Errorf("%w: %s: %w; write it as in \"20s\"", offload.ErrConfig, drainVariable, err)
		}
	}
	if o.drain == 0 {
		o.drain = DefaultShutdownTimeout
	}
	if o.drain < 0 {
		return fmt.Errorf("%w: the shutdown timeout %v is negative", offload.ErrConfig, o.drain)
	}
	return nil
}

func completeMode(option string, code InvokeMode, variable, value, streamed string) (InvokeMode, error) {
	switch {
	case code == Buffered || code == ResponseStream:
		return code, nil
	case code != 0:
		return 0, fmt.Errorf("%w: %s(%d): use Buffered or ResponseStream", offload.ErrConfig, option, code)
	case value == streamed:
		return ResponseStream, nil
	case value == "" || value == "BUFFERED":
		return Buffered, nil
	}
	return 0, fmt.Errorf("%w: %s=%q; it is \"BUFFERED\" or %q, as configured on AWS", offload.ErrConfig, variable, value, streamed)
}
