package offloadhttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// samples is where aws-lambda-go keeps AWS's sample events.
func samples(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "events", "testdata")
}

func TestSampleEvents(t *testing.T) {
	t.Parallel()
	dir := samples(t)
	for _, test := range []struct {
		file   string
		source Source
		method string
		uri    string
		host   string
		remote string
		header string // a name and its values, to be present
	}{
		{"lambda-urls-request.json", FunctionURL, "POST", "/my/path?parameter1=value1&parameter1=value2&parameter2=value", "<url-id>.lambda-url.us-west-2.on.aws", "123.123.123.123:0", "Cookie: cookie1; cookie2"},
		{"apigw-v2-request-no-authorizer.json", HTTPAPI, "GET", "/", "aaaaaaaaaa.execute-api.us-west-2.amazonaws.com", "1.2.3.4:0", "User-Agent: curl/7.58.0"},
		{"apigw-v2-request-iam.json", HTTPAPI, "GET", "/my/path?parameter1=value1&parameter1=value2&parameter2=value", "id.execute-api.us-east-1.amazonaws.com", "IP:0", "Header1: value1"},
		{"apigw-v2-request-jwt-authorizer.json", HTTPAPI, "GET", "/my/path?parameter1=value1&parameter1=value2&parameter2=value", "id.execute-api.us-east-1.amazonaws.com", "IP:0", "Header1: value1"},
		{"apigw-v2-request-lambda-authorizer.json", HTTPAPI, "GET", "/my/path?parameter1=value1&parameter1=value2&parameter2=value", "id.execute-api.us-east-1.amazonaws.com", "IP:0", "Header1: value1"},
		{"apigw-request.json", RESTAPI, "POST", "/hello/world?name=me", "gy415nuibc.execute-api.us-east-1.amazonaws.com", "192.168.196.186:0", "Headername: headerValue"},
		{"apigw-restapi-openapi-request.json", RESTAPI, "POST", "/hello/world?name=me", "gy415nuibc.execute-api.us-east-1.amazonaws.com", "192.168.196.186:0", "Accept-Encoding: gzip, deflate"},
		{"alb-lambda-target-request-headers-only.json", LoadBalancer, "GET", "/?key=hello", "lambda-test-alb-1334523864.us-east-1.elb.amazonaws.com", "25.12.198.67:0", "X-Myheader: 123"},
		{"alb-lambda-target-request-multivalue-headers.json", LoadBalancer, "GET", "/?key=hello", "lambda-test-alb-1234567.us-east-1.elb.amazonaws.com", "72.21.198.67:0", "X-Myheader: 123"},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, test.file))
			if err != nil {
				t.Fatal(err)
			}
			e, err := decodeEvent(raw)
			if err != nil {
				t.Fatal(err)
			}
			r, err := e.request(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if e.source != test.source || r.Method != test.method || r.RequestURI != test.uri || r.Host != test.host || r.RemoteAddr != test.remote {
				t.Errorf("%v %s %s %s %s", e.source, r.Method, r.RequestURI, r.Host, r.RemoteAddr)
			}
			name, value, _ := strings.Cut(test.header, ": ")
			if got := r.Header.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		})
	}
}

// Events that look a little like requests, and are not.
func TestOtherEvents(t *testing.T) {
	t.Parallel()
	dir := samples(t)
	for _, file := range []string{
		"apigw-custom-auth-request.json", "apigw-custom-auth-request-type-request.json", "apigw-v2-custom-authorizer-v1-request.json",
		"apigw-v2-custom-authorizer-v2-request.json", "apigw-websocket-request-disconnect.json", "sqs-event.json", "sns-event.json", "s3-event.json", "kinesis-event.json",
		"cloudwatch-logs-event.json", "alb-lambda-target-response.json", "apigw-response.json",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if e, err := decodeEvent(raw); !errors.Is(err, ErrEvent) || e.source != 0 {
				t.Errorf("%s: %v %v", file, e.source, err)
			}
		})
	}
}

func TestUnusableEvents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ event, want string }{
		{`null`, "its fields are []"},
		{`"text"`, "no JSON object"},
		{`[1]`, "no JSON object"},
		{`{"Records":[],"secret":"s3cr3t"}`, `its fields are ["Records" "secret"]`},
		{`{"version":"2.0","requestContext":{"http":{"method":"GET"}},"rawPath":7}`, "looks like one of a function URL"},
		{`{"httpMethod":"POST","path":"/","body":"***","isBase64Encoded":true}`, "not base64"},
	} {
		handle, err := Adapt(http.NotFoundHandler())
		if err != nil {
			t.Fatal(err)
		}
		_, err = handle(t.Context(), json.RawMessage(test.event))
		if !errors.Is(err, ErrEvent) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", test.event, err)
		}
	}
}

func TestSourceNames(t *testing.T) {
	t.Parallel()
	for s, want := range map[Source]string{FunctionURL: "function URL", HTTPAPI: "HTTP API", RESTAPI: "REST API", LoadBalancer: "Application Load Balancer", 0: "unknown"} {
		if s.String() != want {
			t.Errorf("%d: %s", s, s)
		}
	}
	if _, ok := EventFromContext(t.Context()); ok {
		t.Error("an event from nowhere")
	}
}

// No event makes the decoder or the handler panic, and what is decoded is a request that net/http could have made.
func FuzzEvent(f *testing.F) {
	dir := samples(f)
	files, _ := filepath.Glob(filepath.Join(dir, "a*.json"))
	for _, file := range append(files, filepath.Join(dir, "lambda-urls-request.json")) {
		if raw, err := os.ReadFile(file); err == nil {
			f.Add(raw)
		}
	}
	for _, front := range fronts {
		raw, err := json.Marshal(front.event("POST", "/a%2Fb?c=d&c=%zz", http.Header{"Cookie": {"a=b"}}, []byte{0xff}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := decodeEvent(raw)
		if err != nil {
			if !errors.Is(err, ErrEvent) {
				t.Fatal(err)
			}
			return
		}
		r, err := e.request(t.Context(), "/v1")
		if err != nil {
			if !errors.Is(err, ErrEvent) {
				t.Fatal(err)
			}
			return
		}
		if r.URL.Path == "" || r.RequestURI == "" || r.Method == "" || r.Header["Host"] != nil || r.URL.Host != "" {
			t.Fatalf("%+v", r)
		}
		_ = r.ParseForm()
		http.NewServeMux().ServeHTTP(&bufferedWriter{response: newResponse(r.Method)}, r)
	})
}
