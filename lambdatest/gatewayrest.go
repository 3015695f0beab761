package lambdatest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// restRequest is the event of a REST API, payload format version 1.0 ("Input format of a Lambda function for proxy
// integration" in the API Gateway Developer Guide). What has no value is null.
type restRequest struct {
	Resource                        string              `json:"resource"`
	Path                            string              `json:"path"`
	HTTPMethod                      string              `json:"httpMethod"`
	Headers                         map[string]string   `json:"headers"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters                  map[string]string   `json:"pathParameters"`
	StageVariables                  map[string]string   `json:"stageVariables"`
	RequestContext                  restContext         `json:"requestContext"`
	Body                            *string             `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
}

type restContext struct {
	ResourceID        string       `json:"resourceId"`
	ResourcePath      string       `json:"resourcePath"`
	HTTPMethod        string       `json:"httpMethod"`
	ExtendedRequestID string       `json:"extendedRequestId"`
	RequestTime       string       `json:"requestTime"`
	Path              string       `json:"path"`
	AccountID         string       `json:"accountId"`
	Protocol          string       `json:"protocol"`
	Stage             string       `json:"stage"`
	DomainPrefix      string       `json:"domainPrefix"`
	RequestTimeEpoch  int64        `json:"requestTimeEpoch"`
	RequestID         string       `json:"requestId"`
	Identity          restIdentity `json:"identity"`
	DomainName        string       `json:"domainName"`
	APIID             string       `json:"apiId"`
}

// restIdentity has the members of a request without authentication; those that would be null are left out.
type restIdentity struct {
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// restFront is a REST API with one resource, {proxy+}, and one method, ANY.
type restFront struct {
	gateway  *Gateway
	function string
}

func (f *restFront) event(r *http.Request, body []byte, requestID string) ([]byte, error) {
	now := time.Now().UTC()
	path, sourceIP := r.URL.EscapedPath(), remoteIP(r)
	resource, parameters := "/", map[string]string(nil)
	if rest := strings.TrimPrefix(path, "/"); rest != "" {
		resource = "/{proxy+}"
		parameters = map[string]string{"proxy": rest} // as it was sent (captured on AWS, see newURLRequest)
	}
	headers := r.Header.Clone()
	headers.Set("Host", r.Host)
	headers.Set("X-Forwarded-For", forwardedFor(r, sourceIP))
	headers.Set("X-Forwarded-Proto", "http")
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		headers.Set("X-Forwarded-Port", port)
	}
	query, _ := url.ParseQuery(r.URL.RawQuery) // what does not parse is left out
	e := restRequest{
		Resource: resource, Path: path, HTTPMethod: r.Method,
		Headers: lastValues(headers), MultiValueHeaders: headers, PathParameters: parameters,
		RequestContext: restContext{
			ResourceID: "local", ResourcePath: resource, HTTPMethod: r.Method, ExtendedRequestID: requestID,
			RequestTime: now.Format("02/Jan/2006:15:04:05 -0700"), Path: path, AccountID: accountID, Protocol: r.Proto,
			Stage: f.gateway.Stage, DomainPrefix: "local", RequestTimeEpoch: now.UnixMilli(), RequestID: requestID,
			Identity: restIdentity{SourceIP: sourceIP, UserAgent: r.UserAgent()}, DomainName: r.Host, APIID: "local",
		},
	}
	if len(query) > 0 {
		e.QueryStringParameters, e.MultiValueQueryStringParameters = lastValues(query), query
	}
	if len(body) > 0 {
		e.IsBase64Encoded = f.binary(r.Header.Get("Content-Type"))
		text := string(body)
		if e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(body)
		}
		e.Body = &text
	}
	return marshalEvent(e)
}

// lastValues is the single-valued form of headers and query parameters: of several values the last.
func lastValues(lists map[string][]string) map[string]string {
	out := make(map[string]string, len(lists))
	for name, values := range lists {
		if len(values) > 0 {
			out[name] = values[len(values)-1]
		}
	}
	return out
}

func remoteIP(r *http.Request) string {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return ip
}

func forwardedFor(r *http.Request, sourceIP string) string {
	if prior := r.Header.Get("X-Forwarded-For"); prior != "" {
		return prior + ", " + sourceIP
	}
	return sourceIP
}

// binary tells whether a content type is among the BinaryMediaTypes.
func (f *restFront) binary(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = contentType
	}
	family, _, _ := strings.Cut(kind, "/")
	return slices.ContainsFunc(f.gateway.BinaryMediaTypes, func(t string) bool {
		return t == "*/*" || strings.EqualFold(t, kind) || strings.EqualFold(t, family+"/*")
	})
}

// response reads a response of payload format 1.0 ("Output format of a Lambda function for proxy integration" in the API
// Gateway Developer Guide).
func (f *restFront) response(r *http.Request, payload []byte) (gatewayResponse, error) {
	if err := checkProxyMembers(payload); err != nil {
		return gatewayResponse{}, err
	}
	wire, err := parseProxyResponse(payload)
	if err != nil {
		return gatewayResponse{}, err
	}
	if wire.status == 0 {
		wire.status = http.StatusOK
	}
	out := gatewayResponse{status: wire.status, header: http.Header{}, body: []byte(wire.Body)}
	for name, values := range wire.MultiValueHeaders {
		for _, value := range values {
			out.header.Add(name, string(value))
		}
	}
	for name, value := range wire.Headers { // both forms are merged
		if !slices.Contains(out.header.Values(name), string(value)) {
			out.header.Add(name, string(value))
		}
	}
	if out.header.Get("Content-Type") == "" {
		out.header.Set("Content-Type", "application/json")
	}
	accept, _, _ := strings.Cut(r.Header.Get("Accept"), ",")
	if wire.IsBase64Encoded && f.binary(accept) {
		if out.body, err = base64.StdEncoding.DecodeString(wire.Body); err != nil {
			return out, err
		}
	}
	return out, nil
}

// checkProxyMembers refuses what a REST API does: a response with members that it does not know, and an empty one. A response without
// a statusCode is a 200. LocalStack's tests have recorded that on AWS (test_apigateway_lambda.snapshot.json,
// payload_format_validation, November 2024).
func checkProxyMembers(payload []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(payload, &members); err != nil {
		return err
	}
	if len(members) == 0 {
		return errors.New("it is empty")
	}
	for name := range members {
		switch name {
		case "statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded":
		default:
			return fmt.Errorf("a response has no member %.40q", name)
		}
	}
	return nil
}

// proxyResponse is what a function answers to a REST API or a load balancer.
type proxyResponse struct {
	StatusCode        json.RawMessage     `json:"statusCode"` // a number, or a string with one
	Headers           map[string]scalar   `json:"headers"`
	MultiValueHeaders map[string][]scalar `json:"multiValueHeaders"`
	Body              string              `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`

	status int // 0: none
}

func parseProxyResponse(payload []byte) (proxyResponse, error) {
	var wire proxyResponse
	if err := json.Unmarshal(payload, &wire); err != nil {
		return wire, err
	}
	if len(wire.StatusCode) == 0 {
		return wire, nil
	}
	code, err := strconv.Atoi(strings.Trim(string(wire.StatusCode), `"`))
	if err != nil || !validStatus(code) {
		return wire, fmt.Errorf("statusCode %.20s is none", wire.StatusCode)
	}
	wire.status = code
	return wire, nil
}

func (f *restFront) fail(w http.ResponseWriter, why gatewayFailure) {
	switch why {
	case failedTooLarge:
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(w, "HTTP content length exceeded "+strconv.Itoa(maxGatewayBody)+" bytes.")
	case failedEvent:
		failAPI(w, http.StatusRequestEntityTooLarge, "Request Too Long")
	default:
		why.answer(w)
	}
}

func (f *restFront) identify(h http.Header, requestID, traceID string) {
	h.Set("X-Amzn-Requestid", requestID)
	h.Set("X-Amzn-Trace-Id", traceID)
}
