package lambdatest

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// balancerRequest is the event of an Application Load Balancer ("Lambda functions as targets" in its guide). It has
// either the single-valued members or the others.
type balancerRequest struct {
	RequestContext                  balancerContext     `json:"requestContext"`
	HTTPMethod                      string              `json:"httpMethod"`
	Path                            string              `json:"path"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters,omitzero"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters,omitzero"`
	Headers                         map[string]string   `json:"headers,omitzero"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders,omitzero"`
	Body                            string              `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
}

type balancerContext struct {
	ELB struct {
		TargetGroupARN string `json:"targetGroupArn"`
	} `json:"elb"`
}

// balancerFront is an Application Load Balancer.
type balancerFront struct {
	multi bool // lambda.multi_value_headers.enabled
}

func (f *balancerFront) event(r *http.Request, body []byte, _ string) ([]byte, error) {
	headers := make(map[string][]string, len(r.Header)+4)
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = values
	}
	headers["host"] = []string{r.Host}
	headers["x-forwarded-for"] = []string{forwardedFor(r, remoteIP(r))}
	headers["x-forwarded-proto"] = []string{"http"}
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		headers["x-forwarded-port"] = []string{port}
	}
	query := rawQuery(r.URL.RawQuery)
	e := balancerRequest{HTTPMethod: r.Method, Path: r.URL.EscapedPath(), Body: string(body)}
	e.RequestContext.ELB.TargetGroupARN = "arn:aws:elasticloadbalancing:" + defaultRegion + ":" + accountID +
		":targetgroup/local/0123456789abcdef"
	if f.multi {
		e.MultiValueHeaders, e.MultiValueQueryStringParameters = headers, query
	} else {
		e.Headers, e.QueryStringParameters = lastValues(headers), lastValues(query)
	}
	if e.IsBase64Encoded = len(body) > 0 && !balancerText(r.Header, body); e.IsBase64Encoded {
		e.Body = base64.StdEncoding.EncodeToString(body)
	}
	return marshalEvent(e)
}

// rawQuery splits a query without decoding it: a load balancer leaves that to the function.
func rawQuery(query string) map[string][]string {
	out := map[string][]string{}
	for part := range strings.SplitSeq(query, "&") {
		if part != "" {
			name, value, _ := strings.Cut(part, "=")
			out[name] = append(out[name], value)
		}
	}
	return out
}

// balancerText tells whether a body travels as it is: without a content encoding, and of the types that the guide lists.
func balancerText(h http.Header, body []byte) bool {
	if h.Get("Content-Encoding") != "" || !utf8.Valid(body) {
		return false
	}
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	switch kind = strings.ToLower(strings.TrimSpace(kind)); kind {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

func (f *balancerFront) response(_ *http.Request, payload []byte) (gatewayResponse, error) {
	wire, err := parseProxyResponse(payload)
	if err != nil {
		return gatewayResponse{}, err
	}
	switch {
	case wire.status == 0:
		return gatewayResponse{}, errors.New("no statusCode")
	case f.multi && len(wire.Headers) > 0 && len(wire.MultiValueHeaders) == 0:
		return gatewayResponse{}, errors.New("headers, but the target group has multi-value headers enabled")
	case !f.multi && len(wire.MultiValueHeaders) > 0 && len(wire.Headers) == 0:
		return gatewayResponse{}, errors.New("multiValueHeaders, but the target group has multi-value headers disabled")
	}
	out := gatewayResponse{status: wire.status, header: http.Header{}, body: []byte(wire.Body)}
	if f.multi {
		for name, values := range wire.MultiValueHeaders {
			for _, value := range values {
				out.header.Add(name, string(value))
			}
		}
	} else {
		for name, value := range wire.Headers {
			out.header.Add(name, string(value)) // names are told apart by their spelling, for several cookies
		}
	}
	if wire.IsBase64Encoded {
		if out.body, err = base64.StdEncoding.DecodeString(wire.Body); err != nil {
			return out, err
		}
	}
	return out, nil
}

// fail answers with the load balancer's own pages. A throttle is a 502 as well ("Troubleshoot your Application Load
// Balancers" in its guide).
func (f *balancerFront) fail(w http.ResponseWriter, why gatewayFailure) {
	status := http.StatusBadGateway
	if why == failedTooLarge || why == failedEvent {
		status = http.StatusRequestEntityTooLarge
	}
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n</body>\r\n</html>\r\n"))
}

func (f *balancerFront) identify(h http.Header, _, _ string) { h.Set("Server", "awselb/2.0") }
