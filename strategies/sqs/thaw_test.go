package sqs_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-offload/lambda/offload/driver"
)

type connKey struct{}

// newForgetful starts a server that answers one request on each connection and then,
// as after a freeze, has forgotten it: the client learns of it by its next request only.
func newForgetful(tb testing.TB) *httptest.Server {
	tb.Helper()
	var mu sync.Mutex
	used := map[net.Conn]bool{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(connKey{}).(net.Conn)
		mu.Lock()
		stale := used[conn]
		used[conn] = true
		mu.Unlock()
		if stale {
			readEntries(r)
			panic(http.ErrAbortHandler)
		}
		answerAll(w, r)
	}))
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	server.Start()
	tb.Cleanup(server.Close)
	return server
}

func TestThawDropsStaleConnections(t *testing.T) {
	t.Parallel()
	s := open(t, newForgetful(t).URL+"/123456789012/tasks", nil)
	batch := []driver.Message{message(t, "1")}
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
