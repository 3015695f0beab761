package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// gateway stands between a function and Lambda's API: for what happens at a moment of the function's call.
type gateway struct {
	*httptest.Server
	before func() (pass bool) // the call has come; false: it goes no further
	after  func()             // Lambda has answered, and the function has not heard of it
	target *url.URL
}

func newGateway(tb testing.TB) *gateway {
	tb.Helper()
	g := &gateway{before: func() bool { return true }, after: func() {}}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.before() {
			proxy := httputil.NewSingleHostReverseProxy(g.target)
			proxy.ModifyResponse = func(*http.Response) error { g.after(); return nil }
			proxy.ServeHTTP(w, r)
		}
	}))
	tb.Cleanup(g.Close)
	return g
}

// A sandbox is killed around its call of Invoke, and the one of the worker too. A client that has an answer has a promise; one that
// has none may find that the task runs all the same.
func TestKilledAroundInvoke(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arm      func(g *gateway, kill func())
		answered bool
		ran      int
	}{
		"between After and Invoke":        {func(g *gateway, kill func()) { g.before = func() bool { kill(); return false } }, false, 0},
		"between Invoke and the response": {func(g *gateway, kill func()) { g.after = kill }, false, 1},
		"not before the response":         {func(*gateway, func()) {}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			c := newCloudAndWorker(t, "invoke", config{Function: lambdatest.Function{Env: map[string]string{"AWS_ENDPOINT_URL_LAMBDA": g.URL}}})
			var err error
			if g.target, err = url.Parse(c.Endpoint()); err != nil {
				t.Fatal(err)
			}
			kill := sync.OnceFunc(c.Kill)
			test.arm(g, kill)
			hold := newGate(t)
			res := c.call(t, event{Tasks: []task{{Name: "task", Gate: string(hold), Portable: true}}})
			if answered := res.FunctionError == ""; answered != test.answered {
				t.Errorf("%q %s", res.FunctionError, res.Payload)
			}
			kill()
			if test.ran > 0 {
				eventually(t, "the worker is at work", func() bool { return c.count(t, "began", "task", "") == 1 })
				c.worker.Kill()
				hold.open(t)
			}
			c.settle(t)
			if c.count(t, "ran", "task", "") != test.ran || c.count(t, "done", "task", "") != test.ran {
				t.Errorf("journal: %+v", c.find(t, "", "task", ""))
			}
		})
	}
}
