package lambdatest_test

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// A REST API in transfer mode STREAM hands the response on as the function writes it.
func TestRESTAPIStream(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/web", Timeout: 20 * time.Second})
	s := gateway(t, l, lambdatest.Gateway{Stream: true})
	t.Run("as written", func(t *testing.T) {
		gate := filepath.Join(t.TempDir(), "gate")
		res, err := http.DefaultClient.Do(newRequest(t, http.MethodPost, s.URL()+"stream", gate))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		first := make([]byte, 3)
		if _, err = io.ReadFull(res.Body, first); err != nil {
			t.Fatal(err)
		}
		touch(t, gate)
		rest, err := io.ReadAll(res.Body)
		if err != nil || string(first)+string(rest) != "onetwo" || res.StatusCode != http.StatusCreated || res.Header.Get("X-One") != "1" ||
			res.Header.Get("Content-Type") != "text/plain" || res.Header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%d %v %s%s %v", res.StatusCode, res.Header, first, rest, err)
		}
	})
	t.Run("timeout midway", func(t *testing.T) {
		short := gateway(t, l, lambdatest.Gateway{Stream: true, Timeout: 1500 * time.Millisecond})
		gate := filepath.Join(t.TempDir(), "gate")
		res, err := http.DefaultClient.Do(newRequest(t, http.MethodPost, short.URL()+"stream", gate))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if string(body) != "one" || err == nil {
			t.Errorf("%q %v: the client must notice", body, err)
		}
		touch(t, gate)
		if err := l.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := l.Reports(); r[len(r)-1].Status != "success" {
			t.Errorf("%v", r)
		}
	})
	t.Run("no prelude", func(t *testing.T) {
		if res := respond(t, s, `{"statusCode":200,"body":"x"}`, ""); res.StatusCode != http.StatusInternalServerError || string(res.body) != `{"message": "Internal server error"}` {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	})
	t.Run("function error", func(t *testing.T) {
		if res := get(t, newRequest(t, http.MethodGet, s.URL()+"fail", "")); res.StatusCode != http.StatusBadGateway {
			t.Errorf("%d %s", res.StatusCode, res.body)
		}
	})
}

// The prelude for API Gateway may have multiValueHeaders, for a runtime in any language.
func TestRESTAPIStreamHeaders(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	s := gateway(t, p.Lambda, lambdatest.Gateway{Stream: true})
	client := background(func() (page, error) { return get(t, newRequest(t, http.MethodGet, s.URL(), "")), nil })
	p.base = <-p.api
	id := p.next().wait(t).header.Get(requestID)
	p.must(http.MethodPost, response(id), `{"statusCode":203,"headers":{"X-One":"1","x-two":"b"},"cookies":["c=1"],`+
		`"multiValueHeaders":{"X-Two":["a","b"],"x-three":["t","t"],"content-type":["text/plain"],"Set-Cookie":["d=2"]}}`+
		"\x00\x00\x00\x00\x00\x00\x00\x00body", "Content-Type", "application/vnd.awslambda.http-integration-response")
	res := client.wait(t)
	if res.StatusCode != http.StatusNonAuthoritativeInfo || string(res.body) != "body" {
		t.Errorf("%d %s", res.StatusCode, res.body)
	}
	for name, want := range map[string][]string{
		"X-One": {"1"}, "X-Two": {"a", "b"}, "X-Three": {"t", "t"}, "Content-Type": {"text/plain"}, "Set-Cookie": {"d=2", "c=1"},
	} {
		if got := res.Header.Values(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
