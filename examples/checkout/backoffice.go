package main

import (
	"context"
	"net"
	"net/http"
	"path"
	"sync"
	"time"
)

// refusals is how often the points service is down: for both attempts that are made in the sandbox.
const refusals = 2

// backoffice is what the tasks call, on loopback. It does the work of a task once, however often the task runs.
type backoffice struct {
	url    string
	server *http.Server
	served chan struct{} // closed when the server is

	mu    sync.Mutex
	tasks map[string]*effect // by idempotency key
}

// effect is what became of a task at the receiving end.
type effect struct {
	refused, done, repeated int
}

func newBackoffice(ctx context.Context) (*backoffice, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &backoffice{url: "http://" + listener.Addr().String(), served: make(chan struct{}), tasks: map[string]*effect{}}
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(b.served)
		_ = b.server.Serve(listener) // until close
	}()
	return b, nil
}

// ServeHTTP takes a request of a task.
func (b *backoffice) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	e := b.tasks[key]
	if e == nil {
		e = &effect{}
		b.tasks[key] = e
	}
	switch {
	case path.Base(r.URL.Path) == "points" && e.refused < refusals:
		e.refused++
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
	case e.done > 0:
		e.repeated++
	default:
		e.done++
	}
}

// effects gives what became of a task.
func (b *backoffice) effects(task string) effect {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.tasks[task]; e != nil {
		return *e
	}
	return effect{}
}

func (b *backoffice) close() {
	_ = b.server.Close()
	<-b.served
}
