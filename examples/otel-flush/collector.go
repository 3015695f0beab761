package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// exportTime is how long the collector takes: as one in the same region does on a busy day.
const exportTime = 50 * time.Millisecond

// spanCollector is an OTLP receiver that keeps the names of spans.
type spanCollector struct {
	*httptest.Server

	mu    sync.Mutex
	names []string
}

func newCollector() *spanCollector {
	c := &spanCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(c.export))
	return c
}

func (c *spanCollector) export(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	time.Sleep(exportTime)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				c.names = append(c.names, span.Name)
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// count tells how many spans have arrived.
func (c *spanCollector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.names)
}
