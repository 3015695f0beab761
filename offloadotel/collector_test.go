package offloadotel_test

import (
	"cmp"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collected is an OTLP receiver that keeps spans in memory.
type collected struct {
	url string

	mu    sync.Mutex
	spans []span
}

// span is one of them, with the name of the service that sent it.
type span struct {
	*v1.Span
	service string
}

func startCollector(tb testing.TB) *collected {
	tb.Helper()
	c := &collected{}
	server := httptest.NewServer(http.HandlerFunc(c.receive))
	tb.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collected) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range request.ResourceSpans {
		service := ""
		for _, a := range r.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range r.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, span{s, service})
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// all gives the spans that have arrived, in the order in which they began.
func (c *collected) all() []span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.StartTimeUnixNano, b.StartTimeUnixNano) })
	return spans
}

func (c *collected) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = nil
}

// named gives the spans of one name.
func (c *collected) named(name string) []span {
	return slices.DeleteFunc(c.all(), func(s span) bool { return s.Name != name })
}

// one gives the only span of a name.
func (c *collected) one(t *testing.T, name string) span {
	t.Helper()
	found := c.named(name)
	if len(found) != 1 {
		var names []string
		for _, s := range c.all() {
			names = append(names, s.service+": "+s.Name)
		}
		t.Fatalf("%d spans %q; there are %q", len(found), name, names)
	}
	return found[0]
}

// expect compares the names of all spans, in any order.
func (c *collected) expect(t *testing.T, want ...string) {
	t.Helper()
	got := []string{}
	for _, s := range c.all() {
		got = append(got, s.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	equal(t, "spans", got, want)
}

func (s span) attr(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

func (s span) begin() time.Time { return time.Unix(0, int64(s.StartTimeUnixNano)) }
func (s span) end() time.Time   { return time.Unix(0, int64(s.EndTimeUnixNano)) }

func (s span) isChildOf(t *testing.T, parent span) {
	t.Helper()
	if hex.EncodeToString(s.ParentSpanId) != hex.EncodeToString(parent.SpanId) || hex.EncodeToString(s.TraceId) != hex.EncodeToString(parent.TraceId) {
		t.Errorf("%q is not a child of %q", s.Name, parent.Name)
	}
}
