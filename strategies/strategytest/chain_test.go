package strategytest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/strategies/extension"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/invoke"
	"github.com/go-offload/lambda/strategies/sqs"
	"github.com/go-offload/lambda/strategies/strategytest"
	"github.com/go-offload/lambda/strategies/stream"
)

// The chains of this module's strategies.
func TestChains(t *testing.T) {
	t.Parallel()
	harnesses := map[string]strategytest.Harness{
		"stream":    {New: func(*testing.T) strategytest.Subject { return strategytest.Subject{Strategy: stream.New()} }},
		"extension": {New: func(*testing.T) strategytest.Subject { return strategytest.Subject{Strategy: extension.New(nil)} }, Extension: true},
		"invoke":    {New: newInvoke},
		"sqs":       {New: newSQS("tasks")},
		"fifo":      {New: newSQS("tasks.fifo")},
		"outbox":    {New: newOutbox},
	}
	for _, chain := range [][2]string{
		{"extension", "sqs"},
		{"extension", "invoke"},
		{"extension", "fifo"},
		{"stream", "invoke"},
		{"stream", "sqs"},
		{"sqs", "stream"},
		{"sqs", "extension"},
		{"invoke", "stream"},
		{"invoke", "sqs"},
		{"sqs", "invoke"},
		{"stream", "outbox"},
		{"outbox", "extension"},
	} {
		t.Run(chain[0]+","+chain[1], func(t *testing.T) {
			t.Parallel()
			strategytest.RunChain(t, harnesses[chain[0]], harnesses[chain[1]])
		})
	}
}

func newOutbox(*testing.T) strategytest.Subject {
	o := &outbox{}
	return strategytest.Subject{Strategy: o, Destination: &strategytest.Destination{Received: o.received, Refuse: o.refuse}}
}

func newSQS(name string) func(t *testing.T) strategytest.Subject {
	return func(t *testing.T) strategytest.Subject {
		t.Helper()
		server := sqstest.Start(t, nil)
		attributes := map[string]string{}
		if name == "tasks.fifo" {
			attributes["FifoQueue"] = "true"
		}
		url, err := server.CreateQueue(name, attributes)
		if err != nil {
			t.Fatal(err)
		}
		s := sqs.New(&sqs.Options{QueueURL: url})
		t.Cleanup(s.Thaw) // leaves no connection behind
		return strategytest.Subject{
			Strategy:    s,
			Environment: lambdaenv.Vars(nil),
			Destination: &strategytest.Destination{
				Received: func() (bodies [][]byte) {
					for _, m := range server.Queue(name).Snapshot().Messages {
						bodies = append(bodies, []byte(m.Body))
					}
					return bodies
				},
				Refuse: func(permanent bool) {
					server.Inject(sqstest.Fault{Action: "SendMessageBatch", Entries: &sqstest.EntryFault{SenderFault: permanent}})
				},
			},
		}
	}
}

// newInvoke serves the answers of Invoke for asynchronous events.
func newInvoke(t *testing.T) strategytest.Subject {
	t.Helper()
	var mu sync.Mutex
	var bodies [][]byte
	refusal := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has given up
		}
		mu.Lock()
		defer mu.Unlock()
		if refusal != 0 {
			w.WriteHeader(refusal)
			return
		}
		bodies = append(bodies, body)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	s := invoke.New(&invoke.Options{Function: "greeter"})
	t.Cleanup(s.Thaw)
	return strategytest.Subject{
		Strategy:    s,
		Environment: lambdaenv.Vars(map[string]string{"AWS_ENDPOINT_URL_LAMBDA": server.URL}),
		Destination: &strategytest.Destination{
			Received: func() [][]byte {
				mu.Lock()
				defer mu.Unlock()
				return slices.Clone(bodies)
			},
			Refuse: func(permanent bool) {
				mu.Lock()
				defer mu.Unlock()
				refusal = http.StatusServiceUnavailable
				if permanent {
					refusal = http.StatusNotFound
				}
			},
		},
	}
}
