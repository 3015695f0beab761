package offloadhttp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var fileTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Handlers whose responses must be the same as from net/http's own server, behind every front.
var sameAsNetHTTP = map[string]struct {
	method string
	serve  http.HandlerFunc
}{
	"nothing at all":    {"GET", func(http.ResponseWriter, *http.Request) {}},
	"a body":            {"GET", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }},
	"a page, sniffed":   {"GET", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!DOCTYPE html><p>hi") }},
	"an image, sniffed": {"GET", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("\x89PNG\r\n\x1a\n\x00\xff\xfe")) }},
	"a declared content type": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "a/b")
		io.WriteString(w, "<html>")
	}},
	"no content type, please": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, "<html>")
	}},
	"encoded, so not sniffed": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, "<html>")
	}},
	"a status": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "short")
	}},
	"the first status counts": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		w.WriteHeader(http.StatusBadGateway)
	}},
	"headers after the status": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("A", "1")
		w.WriteHeader(http.StatusOK)
		w.Header().Set("A", "2")
		w.Header().Set("B", "1")
	}},
	"headers after the body has begun": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("A", "1")
		io.WriteString(w, "x")
		w.Header().Set("A", "2")
	}},
	"cookies": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 5 {
			http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("c%d", i), Value: "1", Path: "/", HttpOnly: true})
		}
	}},
	"a redirect": {"GET", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere?a=b", http.StatusSeeOther)
	}},
	"an error":   {"GET", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such thing", http.StatusNotFound) }},
	"no content": {"GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }},
	"not modified": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", `"1"`)
		w.WriteHeader(http.StatusNotModified)
	}},
	"no body is allowed": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		if n, err := io.WriteString(w, "x"); n != 0 || !errors.Is(err, http.ErrBodyNotAllowed) {
			panic("a body was taken")
		}
	}},
	"more than declared": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		io.WriteString(w, "abc")
		if _, err := io.WriteString(w, "d"); !errors.Is(err, http.ErrContentLength) {
			panic("more was taken")
		}
	}},
	"HEAD": {"HEAD", func(w http.ResponseWriter, _ *http.Request) {
		if n, err := io.WriteString(w, "<html>hello"); n != 11 || err != nil {
			panic("HEAD wants the body to be written")
		}
	}},
	"HEAD with a declared length": {"HEAD", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1000") }},
	"header injection": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("A", " 1\r\nSet-Cookie: evil=1 ")
		w.Header()["B\r\nC"] = []string{"1"}
		w.Header()["D E"] = []string{"1"}
	}},
	"informational": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
	}},
	"the controller": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if _, ok := w.(http.Flusher); !ok {
			panic("not a Flusher")
		}
		if c.EnableFullDuplex() != nil || c.Flush() != nil {
			panic("refused")
		}
		io.WriteString(w, "x")
	}},
	"from a file": {"GET", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.css", fileTime, strings.NewReader("p { color: red }"))
	}},
	"a big body": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			w.Write(bytes.Repeat([]byte("0123456789"), 100))
		}
	}},
}

func TestResponsesAreTheSameAsFromNetHTTP(t *testing.T) {
	t.Parallel()
	for name, test := range sameAsNetHTTP {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := fromNetHTTP(t, test.method, test.serve)
			for _, f := range fronts {
				t.Run(f.name, func(t *testing.T) {
					got, err := f.send(t, test.serve, test.method, "/", nil, nil)
					if err != nil {
						t.Fatal(err)
					}
					want := reply{want.status, want.header.Clone(), want.body}
					for _, h := range []http.Header{got.header, want.header} {
						// The fronts know the length of a buffered body, and write their own date. A streamed one
						// has none; net/http buffers.
						h.Del("Date")
						if test.method != http.MethodHead || f.stream {
							h.Del("Content-Length")
						}
						h.Del("Connection")
						h.Del("Transfer-Encoding")
					}
					if !reflect.DeepEqual(got, want) {
						t.Errorf("got  %+v\nwant %+v", got, want)
					}
				})
			}
		})
	}
}

// fromNetHTTP is the response of net/http's server.
func fromNetHTTP(t *testing.T, method string, h http.Handler) reply {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Client().Transport.RoundTrip(req) // no redirects
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(resp.Header["Set-Cookie"])
	return reply{resp.StatusCode, resp.Header, string(body)}
}
