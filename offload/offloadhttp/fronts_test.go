package offloadhttp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// front is one way from a client's request to the function and back, as AWS documents it.
type front struct {
	name   string
	opts   []Option
	event  func(method, target string, header http.Header, body []byte) map[string]any
	stream bool
}

var fronts = []front{
	{name: "function URL", event: formatV2("u.lambda-url.eu-west-1.on.aws", "$default")},
	{name: "function URL, streaming", event: formatV2("u.lambda-url.eu-west-1.on.aws", "$default"), opts: []Option{WithInvokeMode(ResponseStream)}, stream: true},
	{name: "HTTP API", event: decoded(formatV2("a.execute-api.eu-west-1.amazonaws.com", "$default"))},
	{name: "HTTP API, format 1.0", event: decoded(formatV1("1.0"))},
	{name: "REST API", event: formatV1("")},
	{name: "REST API, streaming", event: formatV1(""), opts: []Option{WithRESTInvokeMode(ResponseStream)}, stream: true},
	{name: "load balancer", event: formatALB(false)},
	{name: "load balancer, multi-value headers", event: formatALB(true)},
}

// reply is what a front makes of the function's response.
type reply struct {
	status int
	header http.Header
	body   string
}

// send has a front pass a request to the handler.
func (f front) send(t testing.TB, h http.Handler, method, target string, header http.Header, body []byte) (reply, error) {
	t.Helper()
	handle, err := Adapt(h, f.opts...)
	if err != nil {
		t.Fatal(err)
	}
	event, err := json.Marshal(f.event(method, target, header, body))
	if err != nil {
		t.Fatal(err)
	}
	result, err := handle(t.Context(), event)
	if err != nil {
		return reply{}, err
	}
	return receive(t, result)
}

// receive reads a response as the fronts do.
func receive(t testing.TB, result any) (reply, error) {
	t.Helper()
	payload, err := io.ReadAll(result.(io.Reader))
	if closer, ok := result.(io.Closer); ok {
		defer func() { _ = closer.Close() }()
	}
	body, streamed := []byte(nil), false
	if prelude, rest, ok := bytes.Cut(payload, make([]byte, 8)); ok {
		payload, body, streamed = prelude, rest, true
	}
	var wire wireResponse
	if err := json.Unmarshal(payload, &wire); err != nil {
		t.Fatalf("%v in %q", err, payload)
	}
	if !streamed {
		body = []byte(wire.Body)
	}
	if wire.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(wire.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = decoded
	}
	r := reply{wire.StatusCode, http.Header{}, string(body)}
	for name, value := range wire.Headers {
		r.header.Add(name, value)
	}
	for name, values := range wire.MultiValueHeaders {
		r.header[http.CanonicalHeaderKey(name)] = values
	}
	for _, c := range wire.Cookies {
		r.header.Add("Set-Cookie", c)
	}
	slices.Sort(r.header["Set-Cookie"])
	return r, err
}

func bodyOf(body []byte) (text string, encoded bool) {
	if strings.ToValidUTF8(string(body), "") == string(body) {
		return string(body), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

func formatV2(domain, stage string) func(string, string, http.Header, []byte) map[string]any {
	return func(method, target string, header http.Header, body []byte) map[string]any {
		path, query, _ := strings.Cut(target, "?")
		headers := map[string]string{"host": domain}
		var cookies []string
		for name, values := range header {
			if name == "Cookie" {
				cookies = strings.Split(strings.Join(values, "; "), "; ")
				continue
			}
			headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
		if stage != "$default" {
			path = "/" + stage + path
		}
		text, encoded := bodyOf(body)
		id, _, _ := strings.Cut(domain, ".")
		return map[string]any{
			"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "cookies": cookies, "headers": headers,
			"requestContext": map[string]any{
				"accountId": "123456789012", "apiId": id, "domainName": domain, "domainPrefix": id, "stage": stage,
				"http": map[string]any{"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "test"},
			},
			"body": text, "isBase64Encoded": encoded,
		}
	}
}

// decoded is what HTTP APIs make of the path.
func decoded(format func(string, string, http.Header, []byte) map[string]any) func(string, string, http.Header, []byte) map[string]any {
	return func(method, target string, header http.Header, body []byte) map[string]any {
		event := format(method, target, header, body)
		for _, name := range []string{"path", "rawPath"} {
			if path, ok := event[name].(string); ok {
				event[name], _ = url.PathUnescape(path)
			}
		}
		return event
	}
}

func formatV1(version string) func(string, string, http.Header, []byte) map[string]any {
	return func(method, target string, header http.Header, body []byte) map[string]any {
		path, rawQuery, _ := strings.Cut(target, "?")
		query, _ := url.ParseQuery(rawQuery)
		multi := maps.Clone(header)
		if multi == nil {
			multi = http.Header{}
		}
		multi["Host"] = []string{"r.execute-api.eu-west-1.amazonaws.com"}
		text, encoded := bodyOf(body)
		event := map[string]any{
			"resource": "/{proxy+}", "path": path, "httpMethod": method, "headers": last(multi), "multiValueHeaders": multi,
			"queryStringParameters": last(query), "multiValueQueryStringParameters": query,
			"requestContext": map[string]any{
				"accountId": "123456789012", "apiId": "r", "domainName": "r.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "r",
				"httpMethod": method, "identity": map[string]any{"sourceIp": "192.0.2.7", "userArn": nil}, "path": "/prod" + path, "protocol": "HTTP/1.1", "stage": "prod",
			},
			"body": text, "isBase64Encoded": encoded, "pathParameters": nil, "stageVariables": nil,
		}
		if version != "" {
			event["version"] = version
		}
		return event
	}
}

func formatALB(multi bool) func(string, string, http.Header, []byte) map[string]any {
	return func(method, target string, header http.Header, body []byte) map[string]any {
		path, rawQuery, _ := strings.Cut(target, "?")
		headers := map[string][]string{"host": {"lb-1.eu-west-1.elb.amazonaws.com"}, "x-forwarded-for": {"198.51.100.1, 192.0.2.7"}}
		for name, values := range header {
			headers[strings.ToLower(name)] = values
		}
		query := map[string][]string{} // as sent
		for pair := range strings.SplitSeq(rawQuery, "&") {
			if name, value, _ := strings.Cut(pair, "="); name != "" {
				query[name] = append(query[name], value)
			}
		}
		text, encoded := bodyOf(body)
		event := map[string]any{
			"requestContext": map[string]any{"elb": map[string]any{"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/1"}},
			"httpMethod":     method, "path": path, "body": text, "isBase64Encoded": encoded,
		}
		if multi {
			event["multiValueHeaders"], event["multiValueQueryStringParameters"] = headers, query
		} else {
			event["headers"], event["queryStringParameters"] = last(headers), last(query)
		}
		return event
	}
}

// last keeps the last value of each name, as the single-value fields of events do.
func last(multi map[string][]string) map[string]string {
	single := make(map[string]string, len(multi))
	for name, values := range multi {
		single[name] = values[len(values)-1]
	}
	return single
}

// onEach runs a test behind each front.
func onEach(t *testing.T, test func(t *testing.T, f front)) {
	t.Helper()
	t.Parallel()
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

func handlerFunc(f func(w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(f)
}
