package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"
)

// webhookTime is how long the partner takes to answer.
const webhookTime = 700 * time.Millisecond

// partner is the slow HTTP service that the webhook task calls, on loopback.
type partner struct {
	url    string
	server *http.Server
	done   chan struct{}

	mu     sync.Mutex
	orders map[string]int
}

func newPartner(ctx context.Context) (*partner, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &partner{url: "http://" + ln.Addr().String(), done: make(chan struct{}), orders: map[string]int{}}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		defer close(p.done)
		_ = p.server.Serve(ln) // until close
	}()
	return p, nil
}

// ServeHTTP takes an order.
func (p *partner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var order struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&order); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.orders[order.ID]++
	p.mu.Unlock()
	select {
	case <-time.After(webhookTime):
	case <-r.Context().Done():
	}
}

func (p *partner) received(order string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.orders[order]
}

func (p *partner) close() {
	_ = p.server.Close()
	<-p.done
}
