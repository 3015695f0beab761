package invoke_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/invoke"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// open opens a strategy that invokes the function greeter at an endpoint.
func open(tb testing.TB, endpoint string) *invoke.Strategy {
	tb.Helper()
	s := invoke.New(&invoke.Options{Function: "greeter"})
	if err := s.Open(context.Background(), lambdaenv.New(map[string]string{"AWS_ENDPOINT_URL_LAMBDA": endpoint})); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Thaw) // leaves no connection behind
	return s
}

// serve runs an endpoint for one test and counts its requests.
func serve(tb testing.TB, answer http.HandlerFunc) (url string, requests *atomic.Int32) {
	tb.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answer(w, r)
	}))
	tb.Cleanup(server.Close)
	return server.URL, requests
}

// accept answers as Lambda does to an event that it has queued.
func accept(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		panic(err)
	}
	w.WriteHeader(http.StatusAccepted)
}

// message makes the message of a task on its first hop.
func message(tb testing.TB, id, data string) driver.Message {
	tb.Helper()
	e := driver.Envelope{
		ID: id, Source: "urn:offload:test", Task: "task", Time: time.Unix(1_800_000_000, 0),
		Hops: 1, Data: []byte(data),
	}
	body, err := e.AppendJSON(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return driver.Message{ID: id, Task: "task", Body: body}
}
