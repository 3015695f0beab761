package lambdatest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// Whatever HTTP request comes in, the event is valid JSON that carries the body unharmed.
func FuzzURLEvent(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: a\r\n\r\n", []byte(nil))
	f.Add("POST /a%2Fb?x=1&x=2&%zz HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=2\r\nCookie: c\r\nContent-Type: text/plain\r\n\r\n", []byte("text"))
	f.Add("PUT //x HTTP/1.0\r\nX-A: \xff\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n", []byte("\x00\xff"))
	f.Fuzz(func(t *testing.T, head string, body []byte) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			return
		}
		b, err := marshalEvent(newURLRequest(r, body, "id", "127.0.0.1:80"))
		if err != nil {
			t.Fatalf("%v for %q", err, head)
		}
		var e urlRequest
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		if e.Version != "2.0" || e.RequestContext.HTTP.Method == "" || e.RequestContext.RequestID != "id" {
			t.Fatalf("%s", b)
		}
		got := []byte(e.Body)
		if e.IsBase64Encoded {
			if got, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, body) {
			t.Fatalf("body %q became %q", body, got)
		}
		if len(e.Cookies) > 0 && e.Headers["cookie"] == "" {
			t.Fatal("the cookies are not in the headers")
		}
	})
}

// A response that is no HTTP response is the body of one.
func TestInferredBody(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"hello": "world"}`: `{"hello":"world"}`, `["hello", 3, true]`: `["hello",3,true]`, `"a \"b\""`: `a "b"`,
		`3.1`: `3.1`, `true`: `true`, ` null`: `null`, `no JSON`: `no JSON`, ``: ``,
	} {
		res, err := parseURLResponse([]byte(payload))
		if err != nil || res.StatusCode != http.StatusOK || string(res.body) != want {
			t.Errorf("%s: %d %s %v, want %s", payload, res.StatusCode, res.body, err, want)
		}
	}
}

// Whatever a function answers is an HTTP response that can be sent, or an error.
func FuzzURLResponse(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":"b","n":1,"t":true},"cookies":["a=1"],"body":"x"}`))
	f.Add([]byte(`{"statusCode":204,"body":"AAEC","isBase64Encoded":true}`))
	f.Add([]byte(`{"statusCode":99}`))
	f.Add([]byte(`{"statusCode":null}`))
	f.Add([]byte(`{"hello":"world"}`))
	f.Add([]byte(`"text"`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		res, err := parseURLResponse(payload)
		if err != nil {
			if !errors.Is(err, errURLResponse) {
				t.Fatalf("%v", err)
			}
			return
		}
		if !validStatus(res.StatusCode) {
			t.Fatalf("status %d", res.StatusCode)
		}
		w := httptest.NewRecorder()
		prelude{Headers: res.Headers, Cookies: res.Cookies}.apply(w.Header())
		w.WriteHeader(res.StatusCode)
	})
}

// The prelude parser finds the same, however the stream is cut up, and loses nothing of the body.
func FuzzPrelude(f *testing.F) {
	f.Add([]byte("{\"statusCode\":201,\"headers\":{\"a\":\"b\"}}\x00\x00\x00\x00\x00\x00\x00\x00body"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("{}"))
	f.Add(bytes.Repeat([]byte("x"), maxPrelude+10))
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, body, err := readPrelude(bytes.NewReader(stream))
		piecewise, slowBody, slowErr := readPrelude(iotest.OneByteReader(bytes.NewReader(stream)))
		if (err == nil) != (slowErr == nil) {
			// Only the place where the search is given up depends on the pieces.
			if len(stream) <= maxPrelude {
				t.Fatalf("%v at once, %v byte by byte", err, slowErr)
			}
			return
		}
		if err != nil {
			if !errors.Is(err, errPrelude) {
				t.Fatalf("%v", err)
			}
			return
		}
		if whole.StatusCode != piecewise.StatusCode || !validStatus(whole.StatusCode) {
			t.Fatalf("%+v, %+v", whole, piecewise)
		}
		a, err := io.ReadAll(body)
		b, slowErr := io.ReadAll(slowBody)
		if err != nil || slowErr != nil || !bytes.Equal(a, b) || !bytes.HasSuffix(stream, append(bytes.Clone(preludeEnd), a...)) {
			t.Fatalf("bodies %q and %q of %q", a, b, stream)
		}
	})
}

// A registration is taken or refused with an error; events that get through are known ones.
func FuzzRegistration(f *testing.F) {
	f.Add([]byte(`{"events":["INVOKE","SHUTDOWN"]}`))
	f.Add([]byte(`{"events":[],"configurationKeys":["a"]}`))
	f.Add([]byte(`{"events":{}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		reg, err := parseRegistration(body)
		if err != nil {
			return
		}
		if len(reg.ConfigurationKeys) > 0 {
			t.Fatal("configurationKeys were taken")
		}
		for _, external := range []bool{false, true} {
			for _, managed := range []bool{false, true} {
				if checkEvents(reg.Events, external, managed) != "" {
					continue
				}
				for _, e := range reg.Events {
					if e != "INVOKE" && e != "SHUTDOWN" || e == "SHUTDOWN" && !external || managed && (e == "INVOKE" || !external) {
						t.Fatalf("%q for external %v, managed %v", reg.Events, external, managed)
					}
				}
			}
		}
	})
}

// The type of a reported error is never empty, whatever the runtime sends.
func FuzzErrorType(f *testing.F) {
	f.Add("Runtime.Oops", []byte(`{}`))
	f.Add("Function.", []byte(`{"errorType":"x"}`))
	f.Add("", []byte(`{"errorType":"TypeError"}`))
	f.Add("", []byte(`[]`))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		got := errorTypeOf(header, body)
		if got == "" {
			t.Fatal("empty")
		}
		if header != "" && !knownErrorType.MatchString(got) {
			t.Fatalf("%q from the header %q", got, header)
		}
		f := (&fault{errorType: got, message: header}).body("id")
		if !json.Valid(f) {
			t.Fatalf("%s", f)
		}
	})
}

// Whatever a function reports, the message of its dead letter is one that SQS takes: at most 1 KB of allowed characters.
func FuzzDeadLetterMessage(f *testing.F) {
	f.Add([]byte(`{"errorMessage":"no stock","errorType":"x"}`))
	f.Add([]byte(`{"errorMessage":"\u0000\u001b[1m\uffff\ud800"}`))
	f.Add([]byte("\xff\xfe" + strings.Repeat("€", 1000)))
	f.Fuzz(func(t *testing.T, payload []byte) {
		message := errorMessage(payload)
		if len(message) > maxErrorMessage || !utf8.ValidString(message) {
			t.Fatalf("%d bytes: %q", len(message), message)
		}
		for _, r := range message {
			if r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0xFFFE || r == 0xFFFF {
				t.Fatalf("%U in %q", r, message)
			}
		}
	})
}
