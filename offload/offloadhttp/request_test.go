package offloadhttp

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// echo tells what the handler sees of a request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s path=%q escaped=%q query=%v body=%q err=%v length=%d type=%q x=%q cookies=%v proto=%s basic=",
		r.Method, r.URL.Path, r.URL.EscapedPath(), r.URL.Query(), body, err, r.ContentLength, r.Header.Get("Content-Type"), r.Header.Values("X-One"), r.Cookies(), r.Proto)
	user, _, _ := r.BasicAuth()
	fmt.Fprintf(w, "%q absolute=%v host=%v", user, r.URL.IsAbs(), r.Header["Host"])
}

// What a handler sees behind every front must be what it sees behind net/http's server.
func TestRequestsAreTheSameAsFromNetHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(server.Close)
	for _, test := range []struct {
		name, method, target string
		header               http.Header
		body                 string
	}{
		{"plain", "GET", "/", nil, ""},
		{"query", "GET", "/q?a=1&b=2&b=3&c=%26%3D&empty=", nil, ""},
		{"escaped path", "GET", "/a%2Fb/c%20d/%C3%A9", nil, ""},
		{"escaped percent sign", "GET", "/a%252Fb", nil, ""},
		{"odd path", "GET", "//a/../b/", nil, ""},
		{"headers", "GET", "/", http.Header{"X-One": {"1, 2"}, "Authorization": {"Basic YTpi"}}, ""},
		{"cookies", "GET", "/", http.Header{"Cookie": {"a=1; b=2"}}, ""},
		{"a form", "POST", "/form", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, "a=1&b=%20"},
		{"binary", "PUT", "/file", http.Header{"Content-Type": {"application/octet-stream"}}, "\x00\xff\xfe"},
		{"DELETE", "DELETE", "/x", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.target, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range test.header {
				req.Header[name] = values
			}
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			want, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fronts {
				want := string(want)
				if f.name == "load balancer" { // gives the last of several values only
					want = strings.Replace(want, "b:[2 3]", "b:[3]", 1)
				}
				if strings.HasPrefix(f.name, "HTTP API") { // decodes the path, so an escaped slash is a slash
					want = strings.Replace(want, `escaped="/a%2Fb/`, `escaped="/a/b/`, 1)
				}
				got, err := f.send(t, http.HandlerFunc(echo), test.method, test.target, test.header, []byte(test.body))
				if err != nil || got.body != want {
					t.Errorf("%s:\ngot  %s %v\nwant %s", f.name, got.body, err, want)
				}
			}
		})
	}
}

func TestWhatTheGatewayKnows(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		want := map[string]Source{"function": FunctionURL, "HTTP": HTTPAPI, "REST": RESTAPI, "load": LoadBalancer}[strings.Fields(f.name)[0]]
		_, err := f.send(t, handlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.RemoteAddr != "192.0.2.7:0" {
				t.Errorf("RemoteAddr %q", r.RemoteAddr)
			}
			if !strings.HasSuffix(r.Host, ".amazonaws.com") && !strings.HasSuffix(r.Host, ".on.aws") {
				t.Errorf("Host %q", r.Host)
			}
			if r.RequestURI != "/a%20b?q=1" || r.TLS != nil {
				t.Errorf("RequestURI %q", r.RequestURI)
			}
			e, ok := EventFromContext(r.Context())
			if !ok || e.Source != want || !json.Valid(e.Raw) || !strings.Contains(string(e.Raw), "requestContext") {
				t.Errorf("event %v %+v", ok, e)
			}
		}), "GET", "/a%20b?q=1", nil, nil)
		if err != nil {
			t.Error(err)
		}
	})
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ stage, base, target, want string }{
		{"$default", "", "/a", "/a"},
		{"prod", "", "/a", "/a"},
		{"prod", "", "", "/"},
		{"prod", "/v1", "/v1/a", "/a"},
		{"$default", "v1/", "/v1/a", "/a"},
		{"$default", "/v1", "/v1", "/"},
		{"$default", "/v1", "/v10/a", "/v10/a"},
		{"$default", "/v1", "/other", "/other"},
		{"$default", "/", "/a", "/a"},
	} {
		f := front{event: formatV2("api.example.com", test.stage), opts: []Option{WithBasePath(test.base)}}
		got, err := f.send(t, handlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.URL.Path)
		}), "GET", test.target, nil, nil)
		if err != nil || got.body != test.want {
			t.Errorf("stage %s, base path %q, %s: %q %v, want %q", test.stage, test.base, test.target, got.body, err, test.want)
		}
	}
}

// A load balancer appends the client's address to what the client sent; only the last one can be trusted.
func TestRemoteAddr(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ forwarded, want string }{
		{"192.0.2.7", "192.0.2.7:0"},
		{"10.0.0.1, 192.0.2.7", "192.0.2.7:0"},
		{"10.0.0.1, 10.0.0.2, 192.0.2.7", "192.0.2.7:0"},
		{"10.0.0.1,2001:db8::1", "[2001:db8::1]:0"},
		{"192.0.2.7:4711", "192.0.2.7:4711"},
		{"", ""},
	} {
		e := wireEvent{source: LoadBalancer, Headers: map[string]string{"x-forwarded-for": test.forwarded}}
		if got := e.remoteAddr(); got != test.want {
			t.Errorf("%q: %q, want %q", test.forwarded, got, test.want)
		}
	}
}

// The length is that of the body, whatever the gateway counted.
func TestContentLength(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		_, err := f.send(t, handlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.ContentLength != 2 || r.Header.Get("Content-Length") != "2" {
				t.Errorf("%d %q", r.ContentLength, r.Header.Get("Content-Length"))
			}
		}), "POST", "/", http.Header{"Content-Length": {"4"}}, []byte("\xff\xfe"))
		if err != nil {
			t.Error(err)
		}
	})
}

func TestOversizeBodiesAreRefusedAsInNetHTTP(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		got, err := f.send(t, http.MaxBytesHandler(handlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			}
		}), 4), "POST", "/", nil, []byte("12345"))
		if err != nil || got.status != http.StatusRequestEntityTooLarge {
			t.Error(got.status, err)
		}
	})
}
