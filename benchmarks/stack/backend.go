package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-offload/lambda/benchmarks/wire"
)

// backend is the service that the tasks of a failing workload call. It counts the
// attempts of each task, wherever they are made: a worker cannot, as Lambda does not
// tell it that an asynchronous invocation is a repetition.
type backend struct {
	server *http.Server
	url    string
	served chan struct{}

	mu       sync.Mutex
	attempts map[[3]int64]int // by round, request and task
}

func startBackend(ctx context.Context) (*backend, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the failing backend: %w", err)
	}
	b := &backend{url: "http://" + ln.Addr().String(), served: make(chan struct{}), attempts: map[[3]int64]int{}}
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(b.served)
		_ = b.server.Serve(ln) // until Close
	}()
	return b, nil
}

// ServeHTTP answers 503 if the attempt is to fail.
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in wire.TaskInput
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	key := [3]int64{in.Round, int64(in.Seq), int64(in.ID)}
	b.mu.Lock()
	b.attempts[key]++
	n := b.attempts[key]
	b.mu.Unlock()
	if in.Fails(n) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// forget drops the counts of the rounds that are over.
func (b *backend) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.attempts)
}

func (b *backend) close() error {
	err := b.server.Close()
	<-b.served
	return err
}
