package offloadhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// function is testdata/function under the local Lambda, and its journal.
type function struct {
	*lambdatest.Lambda
	journal string
}

func deploy(t *testing.T, start, strategy string, mode lambdatest.URLMode, env ...string) *function {
	t.Helper()
	f := &function{journal: filepath.Join(t.TempDir(), "journal")}
	vars := map[string]string{"START": start, "OFFLOAD_STRATEGY": strategy, "OFFLOAD_HTTP_INVOKE_MODE": mode.String(), "JOURNAL": f.journal}
	for i := 0; i < len(env); i += 2 {
		vars[env[i]] = env[i+1]
	}
	f.Lambda = lambdatest.Start(t, lambdatest.Function{
		Package: "./testdata/function", Env: vars, URLMode: mode, Timeout: 20 * time.Second,
		Settle: 20 * time.Second, // what these tests send one after the other meets one environment, however slow the machine
	})
	return f
}

// page is a response as far as it came.
type page struct {
	status int
	header http.Header
	body   string
}

// fetch gets a page. The error is that of reading the body.
func (f *function) fetch(t *testing.T, path string) (page, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return page{resp.StatusCode, resp.Header, string(b)}, err
}

// ran waits until everything is over, and wants a line in the journal for each path.
func (f *function) ran(t *testing.T, paths ...string) {
	t.Helper()
	if err := f.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.journal)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		path, _, _ := strings.Cut(line, " ")
		got = append(got, path)
	}
	if fmt.Sprint(got) != fmt.Sprint(paths) {
		t.Errorf("tasks %q, want %q", got, paths)
	}
}

// oneProcess wants that no invocation ended the process.
func (f *function) oneProcess(t *testing.T) {
	t.Helper()
	if n := len(f.Environments()); n != 1 {
		t.Errorf("%d environments", n)
	}
	for _, e := range f.Events() {
		if e.Kind == lambdatest.EventCrash || e.Kind == lambdatest.EventTimeout {
			t.Errorf("%s: %s", e.Kind, e.Message)
		}
	}
}

// A panic fails its invocation, keeps its task, and leaves the process alone.
func TestPanicOnLambda(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"http", "wrap"} {
		for _, mode := range []lambdatest.URLMode{lambdatest.Buffered, lambdatest.ResponseStream} {
			t.Run(start+" "+mode.String(), func(t *testing.T) {
				t.Parallel()
				f := deploy(t, start, "extension", mode)
				if got, err := f.fetch(t, "panic"); got.status != http.StatusBadGateway || err != nil {
					t.Errorf("%d %v", got.status, err)
				}
				if got, err := f.fetch(t, "fine"); got.status != http.StatusOK || got.body != "ok" || err != nil {
					t.Errorf("afterwards: %d %q %v", got.status, got.body, err)
				}
				f.ran(t, "/panic", "/fine")
				f.oneProcess(t)
				if !strings.Contains(f.LogText(), "PanicError") || !strings.Contains(f.LogText(), "testdata/function/main.go") {
					t.Errorf("the log does not tell where:\n%s", f.LogText())
				}
			})
		}
	}
}

// A response that broke off does not look like a whole one, and tells Lambda why in its trailers.
func TestBrokenStreamOnLambda(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"http", "raw"} {
		t.Run(start, func(t *testing.T) {
			t.Parallel()
			f := deploy(t, start, "stream", lambdatest.ResponseStream)
			if got, err := f.fetch(t, "break"); got.body != "begun" || err == nil {
				t.Errorf("%q %v", got.body, err)
			}
			stream, err := f.InvokeStream(t.Context(), []byte(`{"version":"2.0","rawPath":"/break","requestContext":{"domainName":"u.lambda-url.eu-west-1.on.aws","http":{"method":"GET"}}}`))
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(stream)
			_ = stream.Close()
			if err == nil || !strings.Contains(err.Error(), "the model is gone") {
				t.Errorf("InvokeComplete has no error: %v", err)
			}
			if got, err := f.fetch(t, "fine"); got.body != "ok" && !strings.HasSuffix(got.body, "done") || err != nil {
				t.Errorf("afterwards: %q %v", got.body, err)
			}
			f.ran(t, "/break", "/break", "/fine")
			f.oneProcess(t)
		})
	}
}

func TestRawStreamOnLambda(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"stream", "extension"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			f := deploy(t, "raw", strategy, lambdatest.ResponseStream)
			got, err := f.fetch(t, "fine")
			if got.status != http.StatusAccepted || got.header.Get("X-Order") != "4711" || len(got.header["Set-Cookie"]) != 1 || got.body != "begun, done" || err != nil {
				t.Errorf("%d %v %q %v", got.status, got.header, got.body, err)
			}
			if got, err := f.fetch(t, "big"); len(got.body) != 7<<20+len("begun") || err != nil {
				t.Errorf("%d bytes, %v", len(got.body), err)
			}
			f.ran(t, "/fine", "/big")
			f.oneProcess(t)
		})
	}
}

// A client that goes away does not take its task with it.
func TestClientGone(t *testing.T) {
	t.Parallel()
	f := deploy(t, "raw", "stream", lambdatest.ResponseStream)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL()+"big", nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadFull(resp.Body, make([]byte, 1))
	_ = resp.Body.Close()
	f.ran(t, "/big")
	f.oneProcess(t)
}

func TestTooLargeOnLambda(t *testing.T) {
	t.Parallel()
	f := deploy(t, "http", "stream", lambdatest.Buffered)
	if got, err := f.fetch(t, "big"); got.status != http.StatusBadGateway || err != nil {
		t.Errorf("%d %v", got.status, err)
	}
	f.ran(t, "/big")
	f.oneProcess(t)
	if !strings.Contains(f.LogText(), "a buffered response has at most 6 MB") {
		t.Errorf("the log does not tell why:\n%s", f.LogText())
	}
}

// The same binary is the worker of its own tasks: they come as asynchronous invocations of the function.
func TestWorker(t *testing.T) {
	t.Parallel()
	f := deploy(t, "http", "invoke", lambdatest.Buffered)
	if got, err := f.fetch(t, "sent"); got.status != http.StatusOK || got.body != "ok" || err != nil {
		t.Errorf("%d %q %v", got.status, got.body, err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(5 * time.Millisecond) {
		if _, err := os.Stat(f.journal); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the task did not arrive\n%s", f.LogText())
		}
	}
	f.ran(t, "/sent")
	if n := len(f.Reports()); n != 2 {
		t.Errorf("%d invocations, not one for the request and one for the task", n)
	}
}

// With several invocations in one process, each task still has the event of its own request, although aws-lambda-go
// gives the buffer to the next one.
func TestEventsOutliveTheirInvocation(t *testing.T) {
	t.Parallel()
	f := &function{journal: filepath.Join(t.TempDir(), "journal")}
	f.Lambda = lambdatest.Start(t, lambdatest.Function{
		Package: "./testdata/function", EnvironmentConcurrency: 4, Timeout: 20 * time.Second, MemorySize: 2048,
		Env: map[string]string{"START": "http", "OFFLOAD_STRATEGY": "stream", "JOURNAL": f.journal},
	})
	var all sync.WaitGroup
	want := map[string]bool{}
	for worker := range 4 {
		for i := range 10 {
			want[fmt.Sprintf("n=%d-%d", worker, i)] = true
		}
		all.Go(func() {
			for i := range 10 {
				if got, err := f.fetch(t, fmt.Sprintf("event?n=%d-%d", worker, i)); got.body != "ok" || err != nil {
					t.Errorf("%d %q %v", got.status, got.body, err)
				}
			}
		})
	}
	all.Wait()
	// Where nothing freezes, an invocation is over with its response; the tail runs on.
	for deadline := time.Now().Add(20 * time.Second); len(want) > 0; <-time.After(5 * time.Millisecond) {
		text, _ := os.ReadFile(f.journal) // none yet
		for line := range strings.Lines(string(text)) {
			query, _, _ := strings.Cut(line, " ")
			delete(want, query)
		}
		if time.Now().After(deadline) {
			t.Fatalf("no task had the event of %v\n%s", want, text)
		}
	}
}

func TestOtherEventsOnLambda(t *testing.T) {
	t.Parallel()
	f := deploy(t, "http", "stream", lambdatest.Buffered)
	res, err := f.Invoke(t.Context(), []byte(`{"source":"aws.events"}`))
	if err != nil || res.FunctionError != "Unhandled" || !strings.Contains(string(res.Payload), `its fields are [\"source\"]`) {
		t.Errorf("%v %q %s", err, res.FunctionError, res.Payload)
	}
}

func TestConfigurationOnLambda(t *testing.T) {
	t.Parallel()
	f := deploy(t, "http", "stream", lambdatest.Buffered, "OFFLOAD_HTTP_INVOKE_MODE", "STREAMING")
	res, err := f.Invoke(t.Context(), []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(res.Payload), `OFFLOAD_HTTP_INVOKE_MODE`) || !strings.Contains(f.LogText(), `it is "BUFFERED" or "RESPONSE_STREAM"`) {
		t.Errorf("%s\n%s", res.Payload, f.LogText())
	}
}
