package lambdatest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// puppet is a function whose process only says where its Runtime API is and sleeps: the test plays the runtime and the
// extensions itself.
type puppet struct {
	*lambdatest.Lambda
	t      *testing.T
	client *http.Client
	api    chan string
	base   string
}

func newPuppet(t *testing.T, f lambdatest.Function) *puppet {
	t.Helper()
	f.MaxEnvironments = 1
	f.Command = []string{"sh", "-c", `echo "api=$AWS_LAMBDA_RUNTIME_API"; exec sleep 1000`}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p := &puppet{t: t, client: &http.Client{Transport: transport}, api: make(chan string, 16)}
	p.Lambda = lambdatest.Start(t, f)
	p.Subscribe(func(e lambdatest.Event) {
		if api, ok := strings.CutPrefix(e.Message, "api="); ok && e.Kind == lambdatest.EventLog {
			p.api <- "http://" + api
		}
	})
	return p
}

type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request to the Runtime or Extensions API. Headers are name, value, name, value, …
func (p *puppet) do(ctx context.Context, method, path string, body io.Reader, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := p.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(b)}, err
}

func (p *puppet) must(method, path, body string, headers ...string) answer {
	p.t.Helper()
	a, err := p.do(p.t.Context(), method, path, strings.NewReader(body), headers...)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// refused checks for an error of the API.
func (p *puppet) refused(a answer, status int, errorType string) {
	p.t.Helper()
	if a.status != status || decode[failure](p.t, []byte(a.body)).ErrorType != errorType {
		p.t.Errorf("%d %s, want %d %s", a.status, a.body, status, errorType)
	}
}

// pending is something that goes on in another goroutine.
type pending[T any] struct {
	value T
	err   error
	done  chan struct{}
}

func background[T any](f func() (T, error)) *pending[T] {
	r := &pending[T]{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.value, r.err = f()
	}()
	return r
}

func (r *pending[T]) wait(t *testing.T) T {
	t.Helper()
	<-r.done
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.value
}

// invoke may be called while the request for the next event is still on its way.
func (p *puppet) invoke(payload string) *pending[*lambdatest.Result] {
	return background(func() (*lambdatest.Result, error) {
		for {
			res, err := p.Invoke(p.t.Context(), []byte(payload))
			if !errors.Is(err, lambdatest.ErrThrottled) {
				return res, err
			}
			pause()
		}
	})
}

func (p *puppet) next() *pending[answer] {
	return background(func() (answer, error) {
		return p.do(p.t.Context(), http.MethodGet, "/2018-06-01/runtime/invocation/next", nil)
	})
}

func (p *puppet) extensionNext(id string) *pending[answer] {
	return background(func() (answer, error) {
		return p.do(p.t.Context(), http.MethodGet, "/2020-01-01/extension/event/next", nil, "Lambda-Extension-Identifier", id)
	})
}

func (p *puppet) register(name, events string, headers ...string) answer {
	p.t.Helper()
	return p.must(http.MethodPost, "/2020-01-01/extension/register", events, append(headers, "Lambda-Extension-Name", name)...)
}

const requestID = "Lambda-Runtime-Aws-Request-Id"

func response(id string) string { return "/2018-06-01/runtime/invocation/" + id + "/response" }
func failing(id string) string  { return "/2018-06-01/runtime/invocation/" + id + "/error" }

func TestRuntimeAPI(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{Timeout: time.Minute})
	result := p.invoke(`{"n":1}`)
	p.base = <-p.api

	p.refused(p.must(http.MethodPost, response("x"), "{}"), 400, "InvalidRequestID")
	event := p.next().wait(t)
	id := event.header.Get(requestID)
	if event.status != 200 || event.body != `{"n":1}` || id == "" {
		t.Fatalf("%+v", event)
	}
	for _, name := range []string{"Deadline-Ms", "Trace-Id", "Invoked-Function-Arn", "Invocation-Id"} {
		if event.header.Get("Lambda-Runtime-"+name) == "" {
			t.Errorf("no header Lambda-Runtime-%s", name)
		}
	}
	if again := p.next().wait(t); again.header.Get(requestID) != id {
		t.Errorf("a second next while running gave %+v, want the same event", again)
	}
	p.refused(p.must(http.MethodPost, response("other"), "{}"), 400, "InvalidRequestID")
	p.refused(p.must(http.MethodPost, "/2018-06-01/runtime/init/error", "{}"), 403, "InvalidStateTransition")
	p.refused(p.must(http.MethodPost, response(id), "{}", "Lambda-Runtime-Invocation-Id", "other"), 400, "InvalidInvocationId")

	// next in the middle of the response
	body, w := io.Pipe()
	upload := background(func() (answer, error) { return p.do(t.Context(), http.MethodPost, response(id), body) })
	if _, err := w.Write([]byte(`"an`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "response started", func() bool {
		all := kinds(p.Lambda)
		return all[len(all)-1] == lambdatest.EventResponseStart
	})
	p.refused(p.next().wait(t), 403, "InvalidStateTransition")
	p.refused(p.must(http.MethodPost, failing(id), "{}"), 403, "InvalidStateTransition")
	if _, err := w.Write([]byte(`swer"`)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if a := upload.wait(t); a.status != 202 || a.body != `{"status":"OK"}`+"\n" {
		t.Errorf("%+v", a)
	}
	if res := result.wait(t); string(res.Payload) != `"answer"` || res.RequestID != id {
		t.Errorf("%+v", res)
	}
	p.refused(p.must(http.MethodPost, response(id), "{}"), 403, "InvalidStateTransition")
	if a := p.must(http.MethodGet, "/2018-06-01/runtime/restore/next", ""); a.status != 404 {
		t.Errorf("%+v", a)
	}

	// the echoed attempt id is accepted, and the next invocation comes
	next := p.next()
	result = p.invoke(`{"n":2}`)
	event = next.wait(t)
	a := p.must(http.MethodPost, response(event.header.Get(requestID)), `2`,
		"Lambda-Runtime-Invocation-Id", event.header.Get("Lambda-Runtime-Invocation-Id"))
	if a.status != 202 || string(result.wait(t).Payload) != "2" {
		t.Errorf("%+v", a)
	}
}

// An error may come with a type in its header, which is classified, and with any body.
func TestRuntimeAPIError(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	for i, tc := range []struct{ header, body, want string }{
		{"Runtime.BadThing", `{"errorType":"other"}`, "Runtime.BadThing"},
		{"Function.Broken", `no json`, "Function.Broken"},
		{"Function.", `{}`, "Function.Unknown"},
		{"nonsense", `{}`, "Runtime.Unknown"},
		{"", `{"errorType":"TypeError"}`, "TypeError"},
		{"", ``, "Runtime.Unknown"},
	} {
		result := p.invoke(`{}`)
		if i == 0 {
			p.base = <-p.api
		}
		id := p.next().wait(t).header.Get(requestID)
		headers := []string{}
		if tc.header != "" {
			headers = append(headers, "Lambda-Runtime-Function-Error-Type", tc.header)
		}
		if a := p.must(http.MethodPost, failing(id), tc.body, headers...); a.status != 202 {
			t.Errorf("%+v", a)
		}
		res := result.wait(t)
		if res.FunctionError != "Unhandled" || string(res.Payload) != tc.body {
			t.Errorf("%+v", res)
		}
		next := p.next() // ends the invocation
		if r := report(t, p.Lambda, res); r.ErrorType != tc.want || r.Status != "error" {
			t.Errorf("%q %q: %s %s, want %s", tc.header, tc.body, r.Status, r.ErrorType, tc.want)
		}
		// The event of the next round goes to the newest request for it.
		_ = next
	}
}

func TestResponseMode(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	result := p.invoke(`{}`)
	p.base = <-p.api
	id := p.next().wait(t).header.Get(requestID)
	p.refused(p.must(http.MethodPost, response(id), "{}", "Lambda-Runtime-Function-Response-Mode", "Streaming"), 400, "InvalidFunctionResponseMode")
	if f := failed(t, result.wait(t)); f.ErrorType != "Runtime.InvalidResponseModeHeader" {
		t.Errorf("%+v", f)
	}
}

// Trailers count in a buffered invocation only if the runtime announced a stream.
func TestErrorTrailers(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	post := func(id string, headers ...string) answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.base+response(id), io.MultiReader(strings.NewReader("part")))
		if err != nil {
			t.Fatal(err)
		}
		req.Trailer = http.Header{
			"Lambda-Runtime-Function-Error-Type": {"Runtime.Midway"},
			"Lambda-Runtime-Function-Error-Body": {"eyJlcnJvclR5cGUiOiJNaWR3YXkifQ=="},
		}
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		res, err := p.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return answer{status: res.StatusCode}
	}
	result := p.invoke(`{}`)
	p.base = <-p.api
	post(p.next().wait(t).header.Get(requestID))
	if res := result.wait(t); res.FunctionError != "" || string(res.Payload) != "part" {
		t.Errorf("without announcement: %+v", res)
	}
	next := p.next()
	result = p.invoke(`{}`)
	post(next.wait(t).header.Get(requestID), "Lambda-Runtime-Function-Response-Mode", "streaming")
	if f := failed(t, result.wait(t)); f.ErrorType != "Midway" {
		t.Errorf("announced: %+v", f)
	}
}

// A runtime that gives up waiting, as clients with a timeout do, gets the event when it asks again.
func TestNextGivenUp(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	result := p.invoke(`{"n":1}`)
	p.base = <-p.api
	id := p.next().wait(t).header.Get(requestID)
	p.must(http.MethodPost, response(id), `1`)
	res := result.wait(t)
	ctx, cancel := context.WithCancel(t.Context())
	given := background(func() (answer, error) {
		return p.do(ctx, http.MethodGet, "/2018-06-01/runtime/invocation/next", nil)
	})
	report(t, p.Lambda, res)
	cancel()
	<-given.done
	if !errors.Is(given.err, context.Canceled) {
		t.Fatal(given.err)
	}
	result = p.invoke(`{"n":2}`)
	event := p.next().wait(t)
	if event.body != `{"n":2}` {
		t.Errorf("%+v", event)
	}
	p.must(http.MethodPost, response(event.header.Get(requestID)), `2`)
	result.wait(t)
}

func TestTruncatedResponse(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	result := p.invoke(`{}`)
	p.base = <-p.api
	id := p.next().wait(t).header.Get(requestID)
	broken := io.MultiReader(bytes.NewReader([]byte("half")), failingReader{})
	if _, err := p.do(t.Context(), http.MethodPost, response(id), broken); err == nil {
		t.Error("no error from the upload")
	}
	if f := failed(t, result.wait(t)); f.ErrorType != "Runtime.TruncatedResponse" {
		t.Errorf("%+v", f)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestTelemetryIsAStub(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	result := p.invoke(`{}`)
	p.base = <-p.api
	p.refused(p.must(http.MethodPut, "/2022-07-01/telemetry", "{}"), 202, "Telemetry.NotSupported")
	p.must(http.MethodPost, response(p.next().wait(t).header.Get(requestID)), `1`)
	result.wait(t)
}
