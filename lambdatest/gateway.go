package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// GatewayType says what kind of HTTP front a Gateway is.
type GatewayType int

const (
	// RESTAPI is an API Gateway REST API with Lambda proxy integration: payload format 1.0. The default.
	RESTAPI GatewayType = iota
	// HTTPAPI is an API Gateway HTTP API with Lambda proxy integration: payload format 2.0.
	HTTPAPI
	// AsyncRESTAPI is an API Gateway REST API with a Lambda integration that is no proxy and sends the header
	// X-Amz-Invocation-Type 'Event': the body becomes the event of an asynchronous invocation, and the client
	// is answered at once. HTTP APIs do not have it.
	AsyncRESTAPI
	// LoadBalancer is an Application Load Balancer with the function as target.
	LoadBalancer
)

// String returns AWS's name of the type.
func (t GatewayType) String() string {
	switch t {
	case RESTAPI:
		return "REST API"
	case HTTPAPI:
		return "HTTP API"
	case AsyncRESTAPI:
		return "asynchronous REST API"
	case LoadBalancer:
		return "Application Load Balancer"
	}
	return "GatewayType(" + strconv.Itoa(int(t)) + ")"
}

// Gateway describes an HTTP front of a function other than its URL. The zero value is a REST API.
type Gateway struct {
	Type GatewayType
	// Addr is where it listens. Default "127.0.0.1:0", a free port.
	Addr string
	// Timeout is how long the client waits for the function, which is not interrupted by it: from 50 ms, by default 29 s for
	// a REST API, where a quota can raise it, and 30 s for an HTTP API, which cannot have more. A load balancer and an
	// asynchronous integration have none.
	Timeout time.Duration
	// Stage is the name in the event. It is no part of the path, as behind a custom domain name. Default "prod", and
	// "$default" for an HTTP API.
	Stage string
	// BinaryMediaTypes of a REST API, such as "image/png", "image/*" or "*/*". A request body of such a type reaches
	// the function in base64; any other as text, whatever becomes of its bytes. A response that is base64 is decoded if the
	// first type in the client's Accept header is among them, or "*/*" is; otherwise the client gets base64.
	BinaryMediaTypes []string
	// MultiValueHeaders of a load balancer's target group: headers and query parameters are lists in the event, and the
	// response must have multiValueHeaders; else they are single values, and it must not.
	MultiValueHeaders bool
	// Stream is the response transfer mode STREAM of a REST API: the function's response is handed on as it is written. It
	// must begin with a prelude of status and headers, as events.LambdaFunctionURLStreamingResponse of aws-lambda-go
	// writes it. Timeout is for the whole of it then.
	Stream bool
	// Status is what an asynchronous REST API answers once the event is in the queue, the mapping of Lambda's own 202.
	// Default 202.
	Status int
}

const (
	// maxGatewayBody is the payload limit of API Gateway: 10 MB ("Quotas" in the API Gateway Developer Guide).
	maxGatewayBody = 10 << 20
	// maxBalancerBody is the limit of a load balancer with a Lambda target, for requests and responses: 1 MB ("Lambda
	// functions as targets" in the Application Load Balancer guide).
	maxBalancerBody = 1 << 20

	minGatewayTimeout  = 50 * time.Millisecond
	restGatewayTimeout = 29 * time.Second
	httpGatewayTimeout = 30 * time.Second
)

// front is the dialect of one type of gateway.
type front interface {
	// event makes the function's event from a request.
	event(r *http.Request, body []byte, requestID string) ([]byte, error)
	// response reads what the function answered. Any error is a malformed response.
	response(r *http.Request, payload []byte) (gatewayResponse, error)
	// fail answers the client itself.
	fail(w http.ResponseWriter, why gatewayFailure)
	// identify adds the headers that every response has.
	identify(h http.Header, requestID, traceID string)
}

// gatewayResponse is what the client gets of a function's answer.
type gatewayResponse struct {
	status int
	header http.Header
	body   []byte
}

// gatewayFailure is why there is none.
type gatewayFailure int

const (
	failedTooLarge gatewayFailure = iota // for the gateway
	failedEvent                          // larger than Lambda takes
	failedRefused                        // by Lambda, as a throttle
	failedFunction                       // reported an error, timed out, or died
	failedResponse                       // is malformed
	failedPrelude                        // a stream does not begin with one
	failedTimeout                        // of the integration
)

// GatewayServer is a Gateway at work. All methods may be called concurrently.
type GatewayServer struct {
	lambda  *Lambda
	gateway Gateway
	front   front
	maxBody int64
	maxBack int // of a response
	server  *httpFront
}

// ServeGateway puts an HTTP front before the function, until GatewayServer.Close or until the function is removed. A
// function may have any number of them.
func (l *Lambda) ServeGateway(ctx context.Context, g Gateway) (*GatewayServer, error) {
	s := &GatewayServer{lambda: l, gateway: g, maxBody: maxGatewayBody, maxBack: MaxResponse}
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("lambdatest: gateway for %s: %w", l.fn.Name, err)
	}
	var err error
	if s.server, err = listenHTTP(ctx, s.gateway.Addr, s, l.service.logger); err != nil {
		return nil, fmt.Errorf("lambdatest: gateway for %s: %w", l.fn.Name, err)
	}
	if err := l.gateways.add(s); err != nil {
		s.server.close()
		return nil, err
	}
	return s, nil
}

// prepare fills in defaults and chooses the dialect.
func (s *GatewayServer) prepare() error {
	g := &s.gateway
	longest, stage := maxTimeout, "prod"
	switch g.Type {
	case RESTAPI:
		s.front = &restFront{gateway: g, function: s.lambda.fn.Name}
	case HTTPAPI:
		longest, stage = httpGatewayTimeout, "$default"
		s.front = &httpAPIFront{gateway: g, server: s}
	case AsyncRESTAPI:
		s.front = &restFront{gateway: g}
	case LoadBalancer:
		s.front, s.maxBody, s.maxBack = &balancerFront{multi: g.MultiValueHeaders}, maxBalancerBody, maxBalancerBody
	default:
		return fmt.Errorf("gateway field Type is %d, want RESTAPI, HTTPAPI, AsyncRESTAPI or LoadBalancer", int(g.Type))
	}
	proxied := g.Type == RESTAPI || g.Type == HTTPAPI
	if proxied && g.Timeout == 0 {
		g.Timeout = min(longest, restGatewayTimeout)
		if g.Type == HTTPAPI {
			g.Timeout = httpGatewayTimeout
		}
	}
	if g.Stage == "" {
		g.Stage = stage
	}
	if g.Addr == "" {
		g.Addr = "127.0.0.1:0"
	}
	if g.Status == 0 {
		g.Status = http.StatusAccepted
	}
	switch {
	case proxied && (g.Timeout < minGatewayTimeout || g.Timeout > longest):
		return fmt.Errorf("gateway field Timeout is %v, want %v to %v for the type %v", g.Timeout, minGatewayTimeout, longest, g.Type)
	case !proxied && g.Timeout != 0:
		return fmt.Errorf("gateway field Timeout is %v; a gateway of the type %v has none", g.Timeout, g.Type)
	case g.Type != RESTAPI && len(g.BinaryMediaTypes) > 0:
		return fmt.Errorf("gateway field BinaryMediaTypes is for a REST API, this is a gateway of the type %v", g.Type)
	case g.Type != RESTAPI && g.Stream:
		return fmt.Errorf("gateway field Stream is for a REST API, this is a gateway of the type %v", g.Type)
	case g.Type != LoadBalancer && g.MultiValueHeaders:
		return fmt.Errorf("gateway field MultiValueHeaders is for a load balancer, this is a gateway of the type %v", g.Type)
	case !validStatus(g.Status):
		return fmt.Errorf("gateway field Status is %d, want 200 to 599", g.Status)
	}
	return nil
}

// URL of the gateway, with a trailing slash.
func (s *GatewayServer) URL() string { return "http://" + s.server.addr + "/" }

// Close stops listening and cuts off open requests; their invocations go on.
func (s *GatewayServer) Close() {
	s.server.close()
	s.lambda.gateways.remove(s)
}

// ServeHTTP implements http.Handler.
func (s *GatewayServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, traceID := newUUID(), traceHeader(r)
	s.front.identify(w.Header(), id, traceID)
	body, err := readBody(r, s.maxBody)
	if errors.Is(err, ErrTooLarge) {
		s.front.fail(w, failedTooLarge)
		return
	}
	if err != nil { // the client broke off
		return
	}
	if s.gateway.Type == AsyncRESTAPI {
		s.invokeAsync(w, request{id: id, payload: body, traceID: traceID})
		return
	}
	payload, err := s.front.event(r, body, id)
	if err == nil {
		err = s.invoke(w, r, request{id: id, payload: payload, isJSON: true, traceID: traceID, streaming: s.gateway.Stream})
	}
	if err != nil && r.Context().Err() == nil {
		s.lambda.service.logger.WarnContext(r.Context(), "request failed", "gateway", s.gateway.Type, "request", id, "error", err)
		s.front.fail(w, failureOf(err))
	}
}

// malformed is a response that a gateway cannot make sense of.
var errMalformedResponse = errors.New("the function's response is no proxy response")

// failureOf classifies an error of invoke.
func failureOf(err error) gatewayFailure {
	switch {
	case errors.Is(err, ErrTooLarge):
		return failedEvent
	case errors.Is(err, context.DeadlineExceeded):
		return failedTimeout
	case errors.Is(err, errPrelude):
		return failedPrelude
	case errors.Is(err, errMalformedResponse):
		return failedResponse
	}
	if f := (*FunctionError)(nil); errors.As(err, &f) {
		return failedFunction
	}
	return failedRefused
}

// invoke runs the function and answers with its response.
func (s *GatewayServer) invoke(w http.ResponseWriter, r *http.Request, req request) error {
	ctx := r.Context()
	if s.gateway.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.gateway.Timeout)
		defer cancel()
	}
	inv, err := s.lambda.dispatch(ctx, req)
	if err != nil {
		return err
	}
	if err := inv.wait(ctx); err != nil {
		return err
	}
	if inv.reply.failure != nil {
		return inv.reply.failure
	}
	if inv.reply.stream != nil {
		return streamGateway(ctx, w, inv.reply.stream)
	}
	if len(inv.reply.body) > s.maxBack {
		return fmt.Errorf("%w: it has %d bytes, more than %d", errMalformedResponse, len(inv.reply.body), s.maxBack)
	}
	res, err := s.front.response(r, inv.reply.body)
	if err != nil {
		return fmt.Errorf("%w: %w", errMalformedResponse, err)
	}
	res.write(w)
	return nil
}

// invokeAsync is the integration that is no proxy: without a mapping template the body is the event. What API Gateway
// answers when Lambda refuses the event, for not being JSON or for its size, depends on the mapping of its response;
// here it is 500.
func (s *GatewayServer) invokeAsync(w http.ResponseWriter, req request) {
	if err := s.lambda.async.accept(req); err != nil {
		s.lambda.service.logger.Warn("event refused", "gateway", s.gateway.Type, "request", req.id, "error", err)
		s.front.fail(w, failedRefused)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.gateway.Status)
}

func (r gatewayResponse) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range r.header {
		h[name] = values
	}
	for _, name := range []string{"Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding", "Upgrade"} {
		h.Del(name) // of the connection to the client, which is the gateway's own
	}
	if r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}

// gateways are the fronts of a function.
type gateways struct {
	mu     sync.Mutex
	open   map[*GatewayServer]struct{}
	closed bool
}

func (g *gateways) add(s *GatewayServer) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	if g.open == nil {
		g.open = map[*GatewayServer]struct{}{}
	}
	g.open[s] = struct{}{}
	return nil
}

func (g *gateways) remove(s *GatewayServer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, s)
}

func (g *gateways) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for s := range g.open {
		s.server.close()
	}
	g.open = nil
}
