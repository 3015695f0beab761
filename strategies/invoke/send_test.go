package invoke_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/invoke"
)

func TestSend(t *testing.T) {
	t.Parallel()
	var method string
	var header http.Header
	var payload []byte
	endpoint, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
		method, header = r.Method, r.Header
		var err error
		if payload, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	m := message(t, "1", `{"n":1}`)
	m.TraceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:1"
	if errs := open(t, endpoint).Send(context.Background(), []driver.Message{m}); errs != nil {
		t.Fatal(errs)
	}
	if method != http.MethodPost || header.Get("X-Amz-Invocation-Type") != "Event" {
		t.Errorf("%s with invocation type %q", method, header.Get("X-Amz-Invocation-Type"))
	}
	if !bytes.Equal(payload, m.Body) {
		t.Errorf("payload %s, want %s", payload, m.Body)
	}
	if trace := header.Values("X-Amzn-Trace-Id"); len(trace) != 1 || trace[0] != m.TraceHeader {
		t.Errorf("X-Amzn-Trace-Id = %q", trace)
	}
	if header.Get("Authorization") == "" || header.Get("X-Amz-Security-Token") != "token" {
		t.Error("not signed with the credentials of the environment")
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests", requests.Load())
	}
}

// The header of the message wins over the one that the SDK finds in the environment,
// which on a function that serves several invocations at once is another one's.
func TestTraceHeaderOfTheMessageWins(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "checkout")
	t.Setenv("_X_AMZN_TRACE_ID", "Root=1-of-the-environment")
	trace := make(chan []string, 3)
	endpoint, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		trace <- r.Header.Values("X-Amzn-Trace-Id")
		accept(w, r)
	})
	s := open(t, endpoint)
	for header, want := range map[string]string{
		"Root=1-of-the-message": "Root=1-of-the-message",
		"":                      "Root=1-of-the-environment",
		"broken\r\nX-Other: 1":  "Root=1-of-the-environment",
	} {
		m := message(t, "1", "{}")
		m.TraceHeader = header
		if errs := s.Send(context.Background(), []driver.Message{m}); errs != nil {
			t.Errorf("%q: %v", header, errs)
			continue
		}
		if got := <-trace; len(got) != 1 || got[0] != want {
			t.Errorf("%q: X-Amzn-Trace-Id = %q, want %q", header, got, want)
		}
	}
}

func TestLargestPayload(t *testing.T) {
	t.Parallel()
	size := make(chan int64, 1)
	endpoint, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		size <- r.ContentLength
		accept(w, r)
	})
	s := open(t, endpoint)
	empty := len(message(t, "1", `""`).Body)
	m := message(t, "1", `"`+strings.Repeat("x", s.Limits().MessageBytes-empty)+`"`)
	if errs := s.Send(context.Background(), []driver.Message{m}); errs != nil {
		t.Fatal(errs)
	}
	if got := <-size; got != invoke.MaxPayloadBytes {
		t.Errorf("%d bytes on the wire, want %d", got, invoke.MaxPayloadBytes)
	}
}

// More messages than the limits allow are still each sent, and each has its own result.
func TestSeveralMessages(t *testing.T) {
	t.Parallel()
	endpoint, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if bytes.Contains(body, []byte("poison")) {
			answerError(http.StatusBadRequest, "InvalidRequestContentException")(w, r)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	errs := open(t, endpoint).Send(context.Background(), []driver.Message{
		message(t, "1", "{}"), message(t, "2", `"poison"`), message(t, "3", "{}"),
	})
	if len(errs) != 3 || errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("Send = %v, want an error for the second message", errs)
	}
	if requests.Load() != 3 {
		t.Errorf("%d requests", requests.Load())
	}
}

type connKey struct{}

// newForgetful starts a server that answers one request on each connection and then,
// as after a freeze, has forgotten it: the client learns of it by its next request only.
func newForgetful(tb testing.TB) string {
	tb.Helper()
	var mu sync.Mutex
	used := map[net.Conn]bool{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(connKey{}).(net.Conn)
		mu.Lock()
		stale := used[conn]
		used[conn] = true
		mu.Unlock()
		accept(w, r)
		if stale {
			panic(http.ErrAbortHandler)
		}
	}))
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	server.Start()
	tb.Cleanup(server.Close)
	return server.URL
}

func TestThawDropsStaleConnections(t *testing.T) {
	t.Parallel()
	s := open(t, newForgetful(t))
	batch := []driver.Message{message(t, "1", "{}")}
	for i := range 3 {
		s.Thaw()
		if errs := s.Send(context.Background(), batch); errs != nil {
			t.Fatalf("thaw %d: %v", i, errs)
		}
	}
	// Otherwise the test above would show nothing.
	if errs := s.Send(context.Background(), batch); errs == nil {
		t.Error("connections are not kept between calls")
	}
}
