package routertest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// answer is what the client got.
type answer struct {
	status   int
	location string
	cookies  []string
	body     string
}

func post(t *testing.T, url, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return do(t, req)
}

func get(t *testing.T, url string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, location: resp.Header.Get("Location"), body: string(body)}
	for _, c := range resp.Cookies() {
		a.cookies = append(a.cookies, c.Name+"="+c.Value)
	}
	slices.Sort(a.cookies)
	return a
}

// The handler of the quickstart, ported to three routers, gives the same answers as an ordinary server and behind every
// front of Lambda, and its task is done after each.
func TestOneProgramBehindEveryFront(t *testing.T) {
	t.Parallel()
	for _, router := range []string{"chi", "echo", "mux"} {
		for _, strategy := range []string{"stream", "extension"} {
			t.Run(router+"/"+strategy, func(t *testing.T) {
				t.Parallel()
				everywhere(t, router, strategy)
			})
		}
	}
}

func everywhere(t *testing.T, router, strategy string) {
	t.Helper()
	server, buffered, streamed := newProgram(t, "receipt"), newProgram(t, "receipt"), newProgram(t, "receipt")
	server.onThisMachine(t, router, strategy)
	buffered.onLambda(t, router, strategy, lambdatest.Buffered)
	streamed.onLambda(t, router, strategy, lambdatest.ResponseStream)
	for _, p := range []*program{server, buffered, streamed} {
		n := 0
		for name, url := range p.fronts {
			id := fmt.Sprintf("order-%d", n)
			got := post(t, url+"orders?tag=a&tag=b%26", `{"id":"`+id+`","email":"ä@example.com"}`)
			want := answer{http.StatusCreated, "/orders/" + id, []string{"last=" + id, "seen=1"}, "accepted " + id + " for ä@example.com [a b&]"}
			if name == "load balancer" {
				want.body = strings.Replace(want.body, "[a b&]", "[b&]", 1) // it passes on the last value only
				if len(got.cookies) == 1 {                                  // which of two it takes, if not both, is not documented
					want.cookies = got.cookies
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
			}
			p.await(t, n+1)
			if lines := p.lines(); lines[n] != "receipt_"+id {
				t.Errorf("%s: journal %q", name, lines)
			}
			if got := get(t, url+"orders/a%20b"); got.status != http.StatusOK || got.body != `order "a b"` {
				t.Errorf("%s: a path parameter: %+v", name, got)
			}
			if got := get(t, url+"nonesuch"); got.status != http.StatusNotFound {
				t.Errorf("%s: an unknown path: %+v", name, got)
			}
			if got := post(t, url+"orders", "?"); got.status != http.StatusBadRequest {
				t.Errorf("%s: a bad request: %+v", name, got)
			}
			n++
		}
		if p.lambda != nil && len(p.lambda.Environments()) != 1 {
			t.Errorf("the environment did not survive: %+v", p.lambda.Environments())
		}
	}
}

// SIGTERM ends the server when the task of the last response is done.
func TestServerDrainsItsTasks(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	stop := p.onThisMachine(t, "chi", "extension")
	if got := post(t, p.fronts["server"]+"orders", `{"id":"1"}`); got.status != http.StatusCreated {
		t.Fatalf("%+v", got)
	}
	if len(p.lines()) != 0 {
		t.Errorf("journal %q before the gate was open", p.lines())
	}
	go func() { _ = os.WriteFile(p.journal+".receipt", nil, 0o600) }()
	if status := stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if lines := p.lines(); len(lines) != 1 || lines[0] != "receipt_1" {
		t.Errorf("journal %q", lines)
	}
}

// What is not done in time is given up, and the exit status says so.
func TestServerGivesUp(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	stop := p.onThisMachine(t, "chi", "stream", "OFFLOAD_HTTP_SHUTDOWN_TIMEOUT=20ms")
	if got := post(t, p.fronts["server"]+"orders", `{"id":"1"}`); got.status != http.StatusCreated {
		t.Fatalf("%+v", got)
	}
	if status := stop(); status != 1 {
		t.Errorf("exit status %d", status)
	}
	if lines := p.lines(); len(lines) != 0 {
		t.Errorf("journal %q", lines)
	}
}

// The order of a streamed response is enforced by gates, not by clocks: the handler goes on only when the client
// has its first piece, and the task only when the client has seen the end. The times are for the log.
func TestStreamedResponse(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"stream", "extension", "server"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			if where == "server" {
				p.onThisMachine(t, "chi", "stream")
			} else {
				p.onLambda(t, "chi", where, lambdatest.ResponseStream)
				if got := get(t, p.fronts["function URL RESPONSE_STREAM"]+"orders/1"); got.status != http.StatusOK { // not a cold start
					t.Fatalf("%+v", got)
				}
			}
			for _, url := range p.fronts {
				streamedOnce(t, p, url)
			}
			if p.lambda == nil {
				return
			}
			if err := p.lambda.WaitIdle(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, r := range p.lambda.Reports() {
				if r.Status != "success" {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func streamedOnce(t *testing.T, p *program, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"tokens", nil)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	first := make([]byte, len("data: one\n\n"))
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "data: one\n\n" || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%q %v %v", first, err, resp.Header)
	}
	firstByte := time.Since(begin)
	if lines := p.lines(); len(lines) != 0 {
		t.Errorf("journal %q with the first piece", lines)
	}
	p.open(t, "second")
	opened := time.Now()
	rest, err := io.ReadAll(resp.Body)
	if err != nil || string(rest) != "data: two\n\n" {
		t.Fatalf("%q %v", rest, err)
	}
	end := time.Since(opened)
	if lines := p.lines(); len(lines) != 1 || lines[0] != "handler_done" {
		t.Errorf("journal %q at the end of the response", lines)
	}
	p.open(t, "receipt")
	opened = time.Now()
	p.await(t, 2)
	if lines := p.lines(); lines[1] != "receipt_tokens" {
		t.Errorf("journal %q", lines)
	}
	t.Logf("first piece after %v; end of the response %v after the handler could go on; task done %v after it could", firstByte, end, time.Since(opened))
}
