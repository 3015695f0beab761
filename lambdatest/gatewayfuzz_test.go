package lambdatest

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

var fuzzedFronts = map[string]front{
	"REST":             &restFront{gateway: &Gateway{Stage: "prod", BinaryMediaTypes: []string{"image/*"}}},
	"balancer":         &balancerFront{},
	"multi-valued":     &balancerFront{multi: true},
	"HTTP API":         &httpAPIFront{gateway: &Gateway{}, server: &GatewayServer{server: &httpFront{addr: "127.0.0.1:80"}}},
	"REST, all binary": &restFront{gateway: &Gateway{BinaryMediaTypes: []string{"*/*"}}},
}

// Whatever HTTP request comes in, the event is valid JSON, and a body that can be kept is.
func FuzzGatewayEvent(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: a\r\n\r\n", []byte(nil))
	f.Add("POST /a%2Fb%?x=1&x=2&%zz HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n\r\n", []byte("\x00\xff"))
	f.Add("PUT //x?&=&a=b=c HTTP/1.0\r\nX-A: \xff\r\nContent-Encoding: gzip\r\nContent-Type: text/plain;\r\n\r\n", []byte("text"))
	f.Fuzz(func(t *testing.T, head string, body []byte) {
		for name, front := range fuzzedFronts {
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
			if err != nil {
				return
			}
			b, err := front.event(r, body, "id")
			if err != nil {
				t.Fatalf("%s: %v for %q", name, err, head)
			}
			var e struct {
				Body            string
				IsBase64Encoded bool
			}
			if err := json.Unmarshal(b, &e); err != nil {
				t.Fatalf("%s: %v in %s", name, err, b)
			}
			if e.IsBase64Encoded {
				decoded, err := base64.StdEncoding.DecodeString(e.Body)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				e.Body = string(decoded)
			}
			if e.Body != string(body) && (utf8.Valid(body) || name != "REST") {
				t.Fatalf("%s: body %q became %q", name, body, e.Body)
			}
		}
	})
}

// Whatever a function answers is a response that can be sent, or an error.
func FuzzGatewayResponse(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":"b","n":1},"multiValueHeaders":{"c":["d",2]},"body":"x"}`), "")
	f.Add([]byte(`{"statusCode":"204","body":"AAEC","isBase64Encoded":true}`), "image/png;q=1,*/*")
	f.Add([]byte(`{"statusCode":"\"","headers":{"":"\n"}}`), ";")
	f.Add([]byte(`null`), "*/*")
	f.Fuzz(func(t *testing.T, payload []byte, accept string) {
		for name, front := range fuzzedFronts {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept", accept)
			res, err := front.response(r, payload)
			if err != nil {
				continue
			}
			w := httptest.NewRecorder()
			res.write(w)
			if w.Code != res.status || !validStatus(w.Code) {
				t.Fatalf("%s: %d and %d for %s", name, w.Code, res.status, payload)
			}
		}
	})
}
