package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// page is a response that was read to its end.
type page struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	body    string
}

// post sends the event to the function URL.
func (f *function) post(tb testing.TB, e event) page {
	tb.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		tb.Fatal(err)
	}
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, f.URL(), strings.NewReader(string(payload)))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return page{resp.StatusCode, resp.Header, resp.Cookies(), string(body)}
}

// The client sees the end of a streamed body while the tail waits, with status, headers and cookies as the handler set them.
func TestStreamedResponse(t *testing.T) {
	onEach(t, func(t trial) {
		for _, handler := range []string{"url", "lambdaurl"} {
			t.sub(handler, func(t trial) {
				hold := newGate(t)
				f := start(t, config{strategy: t.strategy, handler: handler, Function: lambdatest.Function{URLMode: lambdatest.ResponseStream}})
				got := f.post(t, event{Tasks: []task{{Name: "held", Gate: string(hold)}, {Name: "parent", Do: "nest"}}})
				if got.status != http.StatusCreated || got.body != "first,last" || got.header.Get("Content-Type") != "text/plain" || got.header.Get("X-Order") != "4711" {
					t.Errorf("%+v", got)
				}
				if len(got.cookies) != 1 || got.cookies[0].Value != "1" {
					t.Errorf("cookies %v", got.cookies)
				}
				if len(f.Reports()) != 0 {
					t.Error("the invocation is over before its task")
				}
				hold.open(t)
				if err := f.WaitIdle(t.Context()); err != nil {
					t.Fatal(err)
				}
				id := f.Reports()[0].RequestID
				for _, name := range []string{"held", "parent", "parent-child"} {
					f.ranInTail(t, lambdatest.EventResponseEnd, id, name)
				}
				if again := f.post(t, event{}).body; again != "first,last" || len(f.Environments()) != 1 {
					t.Errorf("the next response: %q from %+v", again, f.Environments())
				}
			})
		}
	})
}
