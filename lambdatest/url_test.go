package lambdatest_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/lambdatest"
)

type page struct {
	*http.Response
	body []byte
}

func get(t *testing.T, req *http.Request) page {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{res, body}
}

func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestFunctionURL(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{})

	t.Run("event", func(t *testing.T) {
		req := newRequest(t, http.MethodPost, l.URL()+"event?a=1&a=2&b=x%20y&c=%2B+&e=", `{"n":1}`)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Add("X-Many", "one")
		req.Header.Add("X-Many", "two")
		req.Header.Set("Cookie", "c1=v1; c2=v2")
		req.Header.Set("User-Agent", "tester")
		res := get(t, req)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d %v", res.StatusCode, res.Header)
		}
		e := decode[events.LambdaFunctionURLRequest](t, res.body)
		if e.Version != "2.0" || e.RawPath != "/event" || e.RawQueryString != "a=1&a=2&b=x%20y&c=%2B+&e=" || e.Body != `{"n":1}` || e.IsBase64Encoded {
			t.Errorf("%+v", e)
		}
		if !slices.Equal(e.Cookies, []string{"c1=v1", "c2=v2"}) {
			t.Errorf("cookies %q", e.Cookies)
		}
		if q := e.QueryStringParameters; len(q) != 4 || q["a"] != "1,2" || q["b"] != "x y" || q["c"] != "+ " {
			t.Errorf("query %v", e.QueryStringParameters)
		}
		host := strings.TrimSuffix(strings.TrimPrefix(l.URL(), "http://"), "/")
		for name, want := range map[string]string{
			"content-type": "application/json", "x-many": "one,two", "content-length": "7", "host": host,
			"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "cookie": "c1=v1; c2=v2",
		} {
			if e.Headers[name] != want {
				t.Errorf("header %s is %q, want %q", name, e.Headers[name], want)
			}
		}
		c := e.RequestContext
		if c.HTTP.Method != http.MethodPost || c.HTTP.Path != "/event" || c.HTTP.Protocol != "HTTP/1.1" || c.HTTP.SourceIP != "127.0.0.1" ||
			c.HTTP.UserAgent != "tester" || c.AccountID != "anonymous" || c.DomainName != host || c.TimeEpoch == 0 || c.Time == "" {
			t.Errorf("%+v", c)
		}
		if !strings.HasPrefix(e.Headers["x-amzn-trace-id"], "Root=1-") {
			t.Errorf("trace header %q", e.Headers["x-amzn-trace-id"])
		}
		if c.RequestID != res.Header.Get("X-Amzn-Requestid") {
			t.Errorf("request id %s, header %v", c.RequestID, res.Header)
		}
	})
	t.Run("binary body", func(t *testing.T) {
		req := newRequest(t, http.MethodPut, l.URL()+"event", "\x00\xff")
		req.Header.Set("Content-Type", "application/octet-stream")
		e := decode[events.LambdaFunctionURLRequest](t, get(t, req).body)
		if !e.IsBase64Encoded || e.Body != "AP8=" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("path", func(t *testing.T) {
		echo := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/echo"})
		body := string(get(t, newRequest(t, http.MethodGet, echo.URL()+"a%2Fb%20c?x=1&y=<", "")).body)
		contains(t, body, `"rawPath":"/a%2Fb%20c"`, `"path":"/a/b c"`, `"rawQueryString":"x=1&y=<"`)
	})
	t.Run("markup", func(t *testing.T) {
		// A runtime that reads its event without a JSON parser sees what AWS would send it, and it has not grown.
		res := get(t, newRequest(t, http.MethodPost, l.URL()+"full?a=1&b=<", strings.Repeat("<&>", 1<<20)))
		if res.StatusCode != http.StatusCreated {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	})
	t.Run("full response", func(t *testing.T) {
		res := get(t, newRequest(t, http.MethodGet, l.URL()+"full", ""))
		if res.StatusCode != http.StatusCreated || string(res.body) != "made" || res.Header.Get("X-Answer") != "42" || res.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
		}
		if got := res.Header.Values("Set-Cookie"); !slices.Equal(got, []string{"a=1", "b=2; Secure"}) {
			t.Errorf("%q", got)
		}
	})
	t.Run("binary response", func(t *testing.T) {
		if res := get(t, newRequest(t, http.MethodGet, l.URL()+"binary", "")); !bytes.Equal(res.body, []byte{0, 1, 2, 255}) {
			t.Errorf("%q", res.body)
		}
	})
	t.Run("plain JSON", func(t *testing.T) {
		res := get(t, newRequest(t, http.MethodGet, l.URL(), ""))
		if res.StatusCode != http.StatusOK || string(res.body) != `{"hello":"world"}` || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
		}
	})
	for _, path := range []string{"malformed", "fail"} {
		t.Run(path, func(t *testing.T) {
			if res := get(t, newRequest(t, http.MethodGet, l.URL()+path, "")); res.StatusCode != http.StatusBadGateway || string(res.body) != "Internal Server Error" {
				t.Errorf("%d %s", res.StatusCode, res.body)
			}
		})
	}
	t.Run("prelude", func(t *testing.T) {
		res := get(t, newRequest(t, http.MethodGet, l.URL()+"stream?parts=a,b", ""))
		if res.StatusCode != http.StatusAccepted || string(res.body) != "ab" || res.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
		}
	})
	t.Run("too large", func(t *testing.T) {
		if res := get(t, newRequest(t, http.MethodPost, l.URL(), strings.Repeat("x", lambdatest.MaxPayload+1))); res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	})
}

func TestFunctionURLStream(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{URLMode: lambdatest.ResponseStream})

	t.Run("as written", func(t *testing.T) {
		// The function goes on when the first part has arrived, and times out if it is held back.
		gate := filepath.Join(t.TempDir(), "gate")
		res, err := http.DefaultClient.Do(newRequest(t, http.MethodGet, l.URL()+"stream?parts=one,two,three,four&gate="+gate, ""))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusAccepted || res.ContentLength != -1 || res.Header.Get("Content-Type") != "text/plain" || res.Header.Get("Set-Cookie") != "s=1" {
			t.Errorf("%d, length %d, %v", res.StatusCode, res.ContentLength, res.Header)
		}
		first := make([]byte, 3)
		if _, err = io.ReadFull(res.Body, first); err != nil {
			t.Fatal(err)
		}
		if err = os.WriteFile(gate, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(res.Body)
		if err != nil || string(first)+string(rest) != "onetwothreefour" {
			t.Errorf("%q %q %v", first, rest, err)
		}
	})
	t.Run("without a prelude", func(t *testing.T) {
		res := get(t, newRequest(t, http.MethodGet, l.URL()+"full", ""))
		// The function answered as for BUFFERED mode, which a stream does not look into.
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" || !strings.Contains(string(res.body), `"statusCode":201`) {
			t.Errorf("%d %v %s", res.StatusCode, res.Header, res.body)
		}
	})
	t.Run("error midway", func(t *testing.T) {
		res, err := http.DefaultClient.Do(newRequest(t, http.MethodGet, l.URL()+"streamerror", ""))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if string(body) != "half" || err == nil {
			t.Errorf("%q %v: the client must notice", body, err)
		}
	})
	t.Run("error before", func(t *testing.T) {
		if res := get(t, newRequest(t, http.MethodGet, l.URL()+"fail", "")); res.StatusCode != http.StatusBadGateway {
			t.Errorf("%d", res.StatusCode)
		}
	})
	t.Run("in process", func(t *testing.T) {
		event := `{"version":"2.0","rawPath":"/stream","queryStringParameters":{"parts":"x,y"},"requestContext":{"http":{"method":"GET"}}}`
		s, err := l.InvokeStream(t.Context(), []byte(event))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(s)
		if err != nil || string(body) != "xy" || s.StatusCode != http.StatusAccepted || s.Header.Get("Content-Type") != "text/plain" || !slices.Equal(s.Cookies, []string{"s=1"}) {
			t.Errorf("%q %v %+v", body, err, s)
		}
	})
}
