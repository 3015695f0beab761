package offloadhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrEvent is the error of an event that is not an HTTP request, or one that cannot be read.
var ErrEvent = errors.New("offloadhttp: the event is no HTTP request")

// Source is where an HTTP request came from.
type Source int

// The sources that [Start] serves. An HTTP API may be set up with either of two payload formats.
const (
	// FunctionURL is a Lambda function URL, payload format 2.0.
	FunctionURL Source = iota + 1

	// HTTPAPI is an API Gateway HTTP API, payload format 2.0 or 1.0.
	HTTPAPI

	// RESTAPI is an API Gateway REST API with Lambda proxy integration.
	RESTAPI

	// LoadBalancer is an Application Load Balancer with a Lambda target group.
	LoadBalancer
)

// String gives AWS's name of the source.
func (s Source) String() string {
	switch s {
	case FunctionURL:
		return "function URL"
	case HTTPAPI:
		return "HTTP API"
	case RESTAPI:
		return "REST API"
	case LoadBalancer:
		return "Application Load Balancer"
	default:
		return "unknown"
	}
}

// Event is the event that a request was made of.
type Event struct {
	Source Source

	// Raw is the event as JSON, for what has no place in an *http.Request, such as an authorizer's claims: decode
	// it into a type of package events, or one with the fields you need. It must not be changed.
	Raw json.RawMessage
}

type eventKey struct{}

// EventFromContext gives the event of a request's context, or of a context that descends from it, such as a task's.
// It reports false outside Lambda.
func EventFromContext(ctx context.Context) (Event, bool) {
	e, ok := ctx.Value(eventKey{}).(*wireEvent)
	if !ok {
		return Event{}, false
	}
	return Event{Source: e.source, Raw: e.raw}, true
}

// wireEvent has the fields of all sources' events that make a request. Their names do not conflict.
//
// Documents: Lambda Developer Guide, "Invoking Lambda function URLs" and "Using AWS Lambda with an Application Load
// Balancer"; API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs" and "Lambda proxy
// integrations".
type wireEvent struct {
	Version string `json:"version"`

	// Format 2.0.
	RawPath        string   `json:"rawPath"`
	RawQueryString string   `json:"rawQueryString"`
	Cookies        []string `json:"cookies"`

	// Format 1.0 and load balancers.
	HTTPMethod                      string              `json:"httpMethod"`
	Path                            string              `json:"path"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`

	// All.
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters"`
	Body                  string            `json:"body"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
	RequestContext        struct {
		AccountID    string `json:"accountId"`
		APIID        string `json:"apiId"`
		DomainName   string `json:"domainName"`
		DomainPrefix string `json:"domainPrefix"`
		Protocol     string `json:"protocol"`
		RouteKey     string `json:"routeKey"`
		Stage        string `json:"stage"`
		ELB          *struct {
			TargetGroupARN string `json:"targetGroupArn"`
		} `json:"elb"`
		HTTP struct {
			Method   string `json:"method"`
			Path     string `json:"path"`
			Protocol string `json:"protocol"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
		Identity struct {
			SourceIP string `json:"sourceIp"`
		} `json:"identity"`
	} `json:"requestContext"`

	// Events of authorizers look like requests otherwise.
	Type      string `json:"type"`
	MethodARN string `json:"methodArn"`
	RouteARN  string `json:"routeArn"`

	source Source
	raw    json.RawMessage
}

// decodeEvent reads an event of any source. It keeps event. The source is 0 if the event is no HTTP request.
func decodeEvent(event json.RawMessage) (*wireEvent, error) {
	e := &wireEvent{raw: event}
	err := json.Unmarshal(event, e)
	if e.source = e.classify(); e.source == 0 {
		return e, fmt.Errorf("%w: it comes from no function URL, HTTP API, REST API or Application Load Balancer; %s; events of other sources need offloadhttp.WithOtherEvents",
			ErrEvent, describe(event))
	}
	if err != nil {
		return e, fmt.Errorf("%w: it looks like one of a %s, but: %w", ErrEvent, e.source, err)
	}
	return e, nil
}

func (e *wireEvent) classify() Source {
	rc := &e.RequestContext
	switch {
	case e.Type != "" && (e.MethodARN != "" || e.RouteARN != ""):
		return 0 // an authorizer's
	case rc.ELB != nil && e.HTTPMethod != "":
		return LoadBalancer
	case e.Version == "2.0" && rc.HTTP.Method != "":
		if e.fromFunctionURL() {
			return FunctionURL
		}
		return HTTPAPI
	case e.Version == "1.0" && e.HTTPMethod != "" && e.Path != "":
		return HTTPAPI
	case e.Version == "" && e.HTTPMethod != "" && e.Path != "":
		return RESTAPI
	}
	return 0
}

// fromFunctionURL tells a function URL's event from that of an HTTP API, which has the same format. The domain
// decides: a function URL has none but <id>.lambda-url.<region>.on.aws. Local tools use others; there the ID of the
// URL is the first label of the domain, and there are no stages.
func (e *wireEvent) fromFunctionURL() bool {
	rc := &e.RequestContext
	switch {
	case strings.Contains(rc.DomainName, ".lambda-url."):
		return true
	case strings.Contains(rc.DomainName, ".execute-api."):
		return false
	}
	return rc.DomainPrefix == rc.APIID && (rc.Stage == "" || rc.Stage == "$default")
}

// describe names the top-level keys of an event, not their values: they may be secret.
func describe(event []byte) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(event, &fields) != nil {
		return "it is no JSON object"
	}
	keys := make([]string, 0, len(fields))
	for key := range fields {
		if len(key) <= 64 {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if len(keys) > 12 {
		keys = append(keys[:12], "…")
	}
	return fmt.Sprintf("its fields are %q", keys)
}
