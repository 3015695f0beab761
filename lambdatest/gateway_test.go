package lambdatest_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/lambdatest"
)

func gateway(t *testing.T, l *lambdatest.Lambda, g lambdatest.Gateway) *lambdatest.GatewayServer {
	t.Helper()
	s, err := l.ServeGateway(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// respond makes testdata/web answer with a response document.
func respond(t *testing.T, s *lambdatest.GatewayServer, document, accept string) page {
	t.Helper()
	req := newRequest(t, http.MethodPost, s.URL()+"respond", document)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	return get(t, req)
}

func TestRESTAPI(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/web"})
	s := gateway(t, l, lambdatest.Gateway{BinaryMediaTypes: []string{"image/*", "application/octet-stream"}})

	t.Run("event", func(t *testing.T) {
		req := newRequest(t, http.MethodPost, s.URL()+"a/b%20c?x=1&x=2&y=%C3%BC", `{"n":1}`)
		req.Header.Set("Content-Type", "application/json")
		req.Header["X-Many"] = []string{"one", "two"}
		req.Header.Set("Cookie", "c1=v1; c2=v2")
		res := get(t, req)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d %v %s", res.StatusCode, res.Header, res.body)
		}
		e := decode[events.APIGatewayProxyRequest](t, res.body)
		if e.Resource != "/{proxy+}" || e.Path != "/a/b%20c" || e.PathParameters["proxy"] != "a/b%20c" || e.HTTPMethod != http.MethodPost ||
			e.Body != `{"n":1}` || e.IsBase64Encoded {
			t.Errorf("%+v", e)
		}
		if e.QueryStringParameters["x"] != "2" || !slices.Equal(e.MultiValueQueryStringParameters["x"], []string{"1", "2"}) || e.QueryStringParameters["y"] != "ü" {
			t.Errorf("%v %v", e.QueryStringParameters, e.MultiValueQueryStringParameters)
		}
		if e.Headers["X-Many"] != "two" || !slices.Equal(e.MultiValueHeaders["X-Many"], []string{"one", "two"}) ||
			e.Headers["Cookie"] != "c1=v1; c2=v2" || e.Headers["X-Forwarded-For"] != "127.0.0.1" || !strings.HasPrefix(e.Headers["X-Amzn-Trace-Id"], "Root=1-") {
			t.Errorf("%v", e.MultiValueHeaders)
		}
		c := e.RequestContext
		if c.RequestID != res.Header.Get("X-Amzn-Requestid") || c.Stage != "prod" || c.Identity.SourceIP != "127.0.0.1" || c.RequestTimeEpoch == 0 ||
			c.AccountID != "123456789012" || c.ResourcePath != "/{proxy+}" || c.HTTPMethod != http.MethodPost || c.Path != "/a/b%20c" {
			t.Errorf("%+v", c)
		}
		root := string(get(t, newRequest(t, http.MethodGet, s.URL(), "")).body)
		contains(t, string(get(t, newRequest(t, http.MethodGet, s.URL()+"?a=<&b=>", "")).body), `"a":"<"`)
		contains(t, root, `"resource":"/"`, `"body":null`, `"queryStringParameters":null`, `"multiValueQueryStringParameters":null`, `"pathParameters":null`)
	})
	t.Run("binary body", func(t *testing.T) {
		req := newRequest(t, http.MethodPut, s.URL()+"event", "\x00\xff")
		req.Header.Set("Content-Type", "image/png")
		if e := decode[events.APIGatewayProxyRequest](t, get(t, req).body); !e.IsBase64Encoded || e.Body != "AP8=" {
			t.Errorf("%+v", e)
		}
		req = newRequest(t, http.MethodPut, s.URL()+"event", "\x00\xff")
		req.Header.Set("Content-Type", "video/mp4") // not configured, so its bytes suffer
		if e := decode[events.APIGatewayProxyRequest](t, get(t, req).body); e.IsBase64Encoded || e.Body != "\x00\uFFFD" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("response", func(t *testing.T) {
		res := respond(t, s, `{"statusCode":"201","headers":{"X-One":"1","X-Two":"b","X-Number":7},"multiValueHeaders":{"X-Two":["a","b"],"Set-Cookie":["a=1","b=2"]},"body":"made"}`, "")
		if res.StatusCode != http.StatusCreated || string(res.body) != "made" || res.Header.Get("X-One") != "1" || res.Header.Get("X-Number") != "7" ||
			!slices.Equal(res.Header.Values("X-Two"), []string{"a", "b"}) || len(res.Header.Values("Set-Cookie")) != 2 {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
		}
		if res := respond(t, s, `{"headers":{"X-One":"1"},"multiValueHeaders":null}`, ""); res.StatusCode != http.StatusOK || res.Header.Get("X-One") != "1" {
			t.Errorf("without a status: %d %v", res.StatusCode, res.Header)
		}
		const binary = `{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"AP8=","isBase64Encoded":true}`
		if res := respond(t, s, binary, "image/png,text/html"); string(res.body) != "\x00\xff" || res.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%v %q", res.Header, res.body)
		}
		if res := respond(t, s, binary, "text/html,image/png"); string(res.body) != "AP8=" {
			t.Errorf("%q, want base64: the first accepted type is not binary", res.body)
		}
	})
	for name, document := range map[string]string{
		"not an object": `"text"`, "empty": `{}`, "unknown member": `{"statusCode":200,"message":"x"}`, "status": `{"statusCode":"high"}`, "status too low": `{"statusCode":42}`,
		"body": `{"statusCode":200,"body":{"a":1}}`, "null": `null`,
		"header": `{"statusCode":200,"headers":{"a":["b"]}}`,
	} {
		t.Run("malformed "+name, func(t *testing.T) {
			if res := respond(t, s, document, ""); res.StatusCode != http.StatusBadGateway || string(res.body) != `{"message": "Internal server error"}` {
				t.Errorf("%d %s", res.StatusCode, res.body)
			}
		})
	}
	t.Run("malformed base64", func(t *testing.T) {
		if res := respond(t, s, `{"statusCode":200,"body":"%","isBase64Encoded":true}`, "image/png"); res.StatusCode != http.StatusBadGateway {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	})
	t.Run("function error", func(t *testing.T) {
		res := get(t, newRequest(t, http.MethodGet, s.URL()+"fail", ""))
		if res.StatusCode != http.StatusBadGateway || string(res.body) != `{"message": "Internal server error"}` || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
		}
	})
	t.Run("too large", func(t *testing.T) {
		res := get(t, newRequest(t, http.MethodPost, s.URL(), strings.Repeat("x", 10<<20+1)))
		if res.StatusCode != http.StatusRequestEntityTooLarge || string(res.body) != "HTTP content length exceeded 10485760 bytes." {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
		res = get(t, newRequest(t, http.MethodPost, s.URL(), strings.Repeat("x", 7<<20))) // for Lambda
		if res.StatusCode != http.StatusRequestEntityTooLarge || string(res.body) != `{"message": "Request Too Long"}` {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	})
}

// The gateway gives up on a function that takes too long, and the function does not notice.
func TestGatewayTimeout(t *testing.T) {
	t.Parallel()
	for _, kind := range []lambdatest.GatewayType{lambdatest.RESTAPI, lambdatest.HTTPAPI} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/web"})
			s := gateway(t, l, lambdatest.Gateway{Type: kind, Timeout: 100 * time.Millisecond})
			res := get(t, newRequest(t, http.MethodGet, s.URL()+"sleep", ""))
			if res.StatusCode != http.StatusGatewayTimeout || string(res.body) != `{"message": "Endpoint request timed out"}` {
				t.Errorf("%d %s", res.StatusCode, res.body)
			}
			if err := l.WaitIdle(t.Context()); err != nil {
				t.Fatal(err)
			}
			if r := l.Reports(); len(r) != 1 || r[0].Status != "success" {
				t.Errorf("%v", r)
			}
		})
	}
}

func TestHTTPAPI(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/web", MaxEnvironments: 1})
	s := gateway(t, l, lambdatest.Gateway{Type: lambdatest.HTTPAPI})
	req := newRequest(t, http.MethodPost, s.URL()+"a%2Fb%20%25c?x=1&x=2", "\x00\xff")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Cookie", "c1=v1; c2=v2")
	res := get(t, req)
	e := decode[events.APIGatewayV2HTTPRequest](t, res.body)
	if e.Version != "2.0" || e.RouteKey != "$default" || e.RawPath != "/a/b %c" || e.RequestContext.HTTP.Path != "/a/b %c" || e.Headers["cookie"] != "" || e.QueryStringParameters["x"] != "1,2" || len(e.Cookies) != 2 ||
		!e.IsBase64Encoded || e.Body != "AP8=" || e.RequestContext.AccountID != "123456789012" || e.RequestContext.Stage != "$default" ||
		e.RequestContext.RequestID != res.Header.Get("Apigw-Requestid") || !strings.HasPrefix(e.Headers["x-amzn-trace-id"], "Root=1-") {
		t.Errorf("%+v", e)
	}
	res = respond(t, s, `{"statusCode":201,"headers":{"X-One":"1"},"cookies":["a=1","b=2"],"body":"bWFkZQ==","isBase64Encoded":true}`, "")
	if res.StatusCode != http.StatusCreated || string(res.body) != "made" || res.Header.Get("X-One") != "1" || len(res.Header.Values("Set-Cookie")) != 2 {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
	}
	if res = respond(t, s, `"text"`, ""); res.StatusCode != http.StatusOK || string(res.body) != "text" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if res = respond(t, s, `{"plain":true}`, ""); res.StatusCode != http.StatusOK || string(res.body) != `{"plain":true}` {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if res = respond(t, s, `{"statusCode":200,"body":7}`, ""); res.StatusCode != http.StatusBadGateway {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if res = get(t, newRequest(t, http.MethodPost, s.URL(), strings.Repeat("x", 10<<20+1))); res.StatusCode != http.StatusRequestEntityTooLarge ||
		string(res.body) != `{"message": "Request Entity Too Large"}` {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}

	// Lambda refuses the second of two requests at a time.
	started := make(chan struct{})
	cancel := l.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventInvokeStart {
			close(started)
		}
	})
	slow := background(func() (page, error) { return get(t, newRequest(t, http.MethodGet, s.URL()+"sleep", "")), nil })
	<-started
	cancel()
	if res = get(t, newRequest(t, http.MethodGet, s.URL(), "")); res.StatusCode != http.StatusInternalServerError || string(res.body) != `{"message": "Internal server error"}` {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	slow.wait(t)
}

// The body becomes the event of an asynchronous invocation.
func TestAsyncRESTAPI(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})
	s := gateway(t, l, lambdatest.Gateway{Type: lambdatest.AsyncRESTAPI})
	res := get(t, newRequest(t, http.MethodPost, s.URL()+"orders", `{"order":"4711"}`))
	if res.StatusCode != http.StatusAccepted || len(res.body) != 0 {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	if got := waitAsync(t, l, res.Header.Get("X-Amzn-Requestid")); got.Condition != lambdatest.AsyncSuccess || string(got.Payload) != `{"order":"4711"}` {
		t.Errorf("%+v %s", got, got.Payload)
	}
	for name, body := range map[string]string{"not JSON": "order=4711", "too large": `"` + strings.Repeat("x", lambdatest.MaxAsyncPayload) + `"`} {
		if res := get(t, newRequest(t, http.MethodPost, s.URL(), body)); res.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	mapped := gateway(t, l, lambdatest.Gateway{Type: lambdatest.AsyncRESTAPI, Status: http.StatusOK})
	if res := get(t, newRequest(t, http.MethodGet, mapped.URL(), "")); res.StatusCode != http.StatusOK {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

func TestLoadBalancer(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/web"})
	single := gateway(t, l, lambdatest.Gateway{Type: lambdatest.LoadBalancer})
	multi := gateway(t, l, lambdatest.Gateway{Type: lambdatest.LoadBalancer, MultiValueHeaders: true})

	ask := func(s *lambdatest.GatewayServer, contentType, body string) events.ALBTargetGroupRequest {
		t.Helper()
		req := newRequest(t, http.MethodPost, s.URL()+"a/b?x=1&x=a%20b", body)
		req.Header.Set("Content-Type", contentType)
		req.Header["X-Many"] = []string{"one", "two"}
		res := get(t, req)
		if res.StatusCode != http.StatusOK || res.Header.Get("Server") != "awselb/2.0" {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
		return decode[events.ALBTargetGroupRequest](t, res.body)
	}
	e := ask(single, "application/json; charset=utf-8", `{"n":1}`)
	if e.Path != "/a/b" || e.HTTPMethod != http.MethodPost || e.QueryStringParameters["x"] != "a%20b" || e.Headers["x-many"] != "two" ||
		e.MultiValueHeaders != nil || e.MultiValueQueryStringParameters != nil || e.Body != `{"n":1}` || e.IsBase64Encoded ||
		e.RequestContext.ELB.TargetGroupArn == "" || e.Headers["x-forwarded-for"] != "127.0.0.1" {
		t.Errorf("%+v", e)
	}
	e = ask(multi, "application/x-www-form-urlencoded", "a=b")
	if !slices.Equal(e.MultiValueQueryStringParameters["x"], []string{"1", "a%20b"}) || !slices.Equal(e.MultiValueHeaders["x-many"], []string{"one", "two"}) ||
		e.Headers != nil || e.QueryStringParameters != nil || !e.IsBase64Encoded || e.Body != "YT1i" {
		t.Errorf("%+v", e)
	}

	encoded := newRequest(t, http.MethodPost, single.URL(), "text")
	encoded.Header.Set("Content-Type", "text/plain")
	encoded.Header.Set("Content-Encoding", "identity")
	if e = decode[events.ALBTargetGroupRequest](t, get(t, encoded).body); !e.IsBase64Encoded || e.Body != "dGV4dA==" {
		t.Errorf("%+v", e)
	}

	const one = `{"statusCode":201,"statusDescription":"201 Created","headers":{"X-A":"1"},"body":"bWFkZQ==","isBase64Encoded":true}`
	const many = `{"statusCode":201,"multiValueHeaders":{"X-A":["1","2"],"Set-Cookie":["a=1","b=2"]},"body":"made"}`
	if res := respond(t, single, one, ""); res.StatusCode != http.StatusCreated || string(res.body) != "made" || res.Header.Get("X-A") != "1" {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
	}
	if res := respond(t, multi, many, ""); res.StatusCode != http.StatusCreated || len(res.Header.Values("Set-Cookie")) != 2 || len(res.Header.Values("X-A")) != 2 {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
	}
	const spelled = `{"statusCode":200,"headers":{"set-cookie":"a=1","Set-Cookie":"b=2"}}`
	if res := respond(t, single, spelled, ""); len(res.Header.Values("Set-Cookie")) != 2 {
		t.Errorf("two spellings of a name: %v", res.Header)
	}
	for name, res := range map[string]page{
		"many for a single-valued group": respond(t, single, many, ""), "one for a multi-valued group": respond(t, multi, one, ""),
		"malformed": respond(t, single, `{"body":"x"}`, ""), "error": get(t, newRequest(t, http.MethodGet, single.URL()+"fail", "")),
		"response too large": get(t, newRequest(t, http.MethodGet, single.URL()+"large", "")),
	} {
		if res.StatusCode != http.StatusBadGateway || !strings.Contains(string(res.body), "<h1>502 Bad Gateway</h1>") {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.body)
		}
	}
	if res := get(t, newRequest(t, http.MethodPost, single.URL(), strings.Repeat("x", 1<<20+1))); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
}

func TestGatewayConfig(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/web"})
	for problem, g := range map[string]lambdatest.Gateway{
		"Type is 9":                   {Type: 9},
		"Timeout is 1ms":              {Timeout: time.Millisecond},
		"Timeout is 31s":              {Type: lambdatest.HTTPAPI, Timeout: 31 * time.Second},
		"type Application Load":       {Type: lambdatest.LoadBalancer, Timeout: time.Second},
		"BinaryMediaTypes is for":     {Type: lambdatest.HTTPAPI, BinaryMediaTypes: []string{"*/*"}},
		"MultiValueHeaders is for":    {MultiValueHeaders: true},
		"Stream is for a REST API":    {Type: lambdatest.HTTPAPI, Stream: true},
		"Status is 99":                {Type: lambdatest.AsyncRESTAPI, Status: 99},
		"listen tcp: address nowhere": {Addr: "nowhere"},
	} {
		if _, err := l.ServeGateway(t.Context(), g); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%+v: %v", g, err)
		}
	}
	s := gateway(t, l, lambdatest.Gateway{})
	s.Close()
	req := newRequest(t, http.MethodGet, s.URL(), "")
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Error("it listens after Close")
	}
	l.Close()
	if _, err := l.ServeGateway(t.Context(), lambdatest.Gateway{}); !errors.Is(err, lambdatest.ErrClosed) {
		t.Errorf("%v", err)
	}
}
