package lambdatest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// urlRequest is the event of a function URL, payload format version 2.0 ("Invoking Lambda function URLs" in the
// Developer Guide).
type urlRequest struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        urlRequestContext `json:"requestContext"`
	Body                  string            `json:"body,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
}

type urlRequestContext struct {
	AccountID    string  `json:"accountId"`
	APIID        string  `json:"apiId"`
	DomainName   string  `json:"domainName"`
	DomainPrefix string  `json:"domainPrefix"`
	HTTP         urlHTTP `json:"http"`
	RequestID    string  `json:"requestId"`
	RouteKey     string  `json:"routeKey"`
	Stage        string  `json:"stage"`
	Time         string  `json:"time"`
	TimeEpoch    int64   `json:"timeEpoch"`
}

type urlHTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// newURLRequest builds the event of a request. addr stands in for the URL's own domain. What the documentation leaves open is
// as in the requests that others have captured on AWS (github.com/hotsock/voker, vokerhttp/testdata, July 2026): the path
// is decoded in requestContext.http, and cookies are among the headers too.
func newURLRequest(r *http.Request, body []byte, requestID, addr string) urlRequest {
	now := time.Now().UTC()
	path, sourceIP := r.URL.EscapedPath(), remoteIP(r)
	e := urlRequest{
		Version: "2.0", RouteKey: "$default", RawPath: path, RawQueryString: r.URL.RawQuery,
		Headers: urlHeaders(r, sourceIP, addr), Cookies: cookies(r.Header),
		QueryStringParameters: queryParameters(r.URL.RawQuery),
		RequestContext: urlRequestContext{
			AccountID: "anonymous", APIID: "local", DomainName: r.Host, DomainPrefix: "local", RequestID: requestID,
			RouteKey: "$default", Stage: "$default", Time: now.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: urlHTTP{Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: sourceIP, UserAgent: r.UserAgent()},
		},
	}
	if len(body) > 0 {
		e.Body = string(body)
		if e.IsBase64Encoded = !isText(r.Header.Get("Content-Type"), body); e.IsBase64Encoded {
			e.Body = base64.StdEncoding.EncodeToString(body)
		}
	}
	return e
}

// urlHeaders lower-cases the names and joins repeated headers with commas.
func urlHeaders(r *http.Request, sourceIP, addr string) map[string]string {
	headers := make(map[string]string, len(r.Header)+5)
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if lines := r.Header["Cookie"]; lines != nil {
		headers["cookie"] = strings.Join(lines, "; ")
	}
	headers["host"] = r.Host
	if r.ContentLength >= 0 && (r.ContentLength > 0 || r.Method != http.MethodGet && r.Method != http.MethodHead) {
		headers["content-length"] = strconv.FormatInt(r.ContentLength, 10)
	}
	if prior := headers["x-forwarded-for"]; prior != "" {
		sourceIP = prior + "," + sourceIP
	}
	headers["x-forwarded-for"] = sourceIP
	headers["x-forwarded-proto"] = "http"
	if _, port, err := net.SplitHostPort(addr); err == nil {
		headers["x-forwarded-port"] = port
	}
	return headers
}

func cookies(h http.Header) []string {
	var out []string
	for _, line := range h["Cookie"] {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				out = append(out, cookie)
			}
		}
	}
	return out
}

// queryParameters joins repeated parameters with commas. What does not parse stays in the raw query only.
func queryParameters(raw string) map[string]string {
	values, _ := url.ParseQuery(raw) // the valid part
	if len(values) == 0 {
		return nil
	}
	out := make(map[string]string, len(values))
	for name, list := range values {
		out[name] = strings.Join(list, ",")
	}
	return out
}

// isText tells whether a body travels as it is, and not in base64. AWS publishes no list of the types it takes for text.
func isText(contentType string, body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType == ""
	}
	switch kind {
	case "application/json", "application/xml", "application/javascript", "application/graphql":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

// urlResponse is what a function answers to a function URL in BUFFERED mode.
type urlResponse struct {
	StatusCode      int
	Headers         map[string]string
	Cookies         []string
	Body            string
	IsBase64Encoded bool

	body []byte // decoded
}

var errURLResponse = errors.New("invalid response")

// parseURLResponse reads the function's answer. JSON without a statusCode is the body of a 200, as documented ("Response
// payload format" in the Developer Guide): a string without its quotes, anything else without white space, as LocalStack's tests have
// recorded it on AWS (TestLambdaURL in test_lambda.snapshot.json, November 2025).
func parseURLResponse(payload []byte) (urlResponse, error) {
	plain := urlResponse{StatusCode: http.StatusOK, body: inferBody(payload)}
	trimmed := bytes.TrimSpace(payload)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return plain, nil
	}
	var wire struct {
		StatusCode      *int              `json:"statusCode"`
		Headers         map[string]scalar `json:"headers"`
		Cookies         []string          `json:"cookies"`
		Body            string            `json:"body"`
		IsBase64Encoded bool              `json:"isBase64Encoded"`
	}
	var probe map[string]json.RawMessage
	_ = json.Unmarshal(trimmed, &probe) // no JSON, no statusCode
	if probe["statusCode"] == nil {
		return plain, nil
	}
	if err := json.Unmarshal(trimmed, &wire); err != nil {
		return plain, fmt.Errorf("%w: %w", errURLResponse, err)
	}
	if wire.StatusCode == nil || !validStatus(*wire.StatusCode) {
		return plain, fmt.Errorf("%w: status code", errURLResponse)
	}
	res := urlResponse{
		StatusCode: *wire.StatusCode, Cookies: wire.Cookies, Body: wire.Body,
		IsBase64Encoded: wire.IsBase64Encoded, body: []byte(wire.Body),
	}
	if len(wire.Headers) > 0 {
		res.Headers = make(map[string]string, len(wire.Headers))
		for name, value := range wire.Headers {
			res.Headers[name] = string(value)
		}
	}
	if wire.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(wire.Body)
		if err != nil {
			return plain, fmt.Errorf("%w: %w", errURLResponse, err)
		}
		res.body = body
	}
	return res, nil
}

func inferBody(payload []byte) []byte {
	var text *string // nil: null
	if json.Unmarshal(payload, &text) == nil && text != nil {
		return []byte(*text)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, payload) != nil {
		return payload // AWS does not say what it makes of a response that is not JSON
	}
	return compact.Bytes()
}

// scalar is a header value: functions in languages without types answer with numbers and booleans too.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*s = scalar(text)
		return nil
	}
	var number json.Number
	var truth bool
	if json.Unmarshal(b, &number) == nil || json.Unmarshal(b, &truth) == nil {
		*s = scalar(b)
		return nil
	}
	return fmt.Errorf("header value %s is no string", b)
}
