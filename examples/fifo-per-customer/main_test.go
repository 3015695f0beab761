package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// ledger books changes by customer, each once, in the order in which they come. The first calls with the ID in refuse fail.
type ledger struct {
	*httptest.Server
	mu      sync.Mutex
	refused int
	booked  map[string][]string
}

func startLedger(t *testing.T, refuse string, times int) *ledger {
	t.Helper()
	l := &ledger{booked: map[string][]string{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		var c Change
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || r.Header.Get("Idempotency-Key") != c.ID {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if c.ID == refuse && l.refused < times {
			l.refused++
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if !slices.Contains(l.booked[c.Customer], c.ID) { // what the Idempotency-Key is for: SQS delivers at least once
			l.booked[c.Customer] = append(l.booked[c.Customer], c.ID)
		}
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *ledger) of(customer string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.booked[customer])
}

func (l *ledger) refusals() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

func start(t *testing.T, l *ledger) (*lambdatest.Lambda, *sqstest.Server) {
	t.Helper()
	server := sqstest.Start(t, nil)
	url, err := server.CreateQueue("changes.fifo", map[string]string{"FifoQueue": "true", "VisibilityTimeout": "60"})
	if err != nil {
		t.Fatal(err)
	}
	f := lambdatest.Start(t, lambdatest.Function{
		Package: ".",
		Timeout: 10 * time.Second,
		Env: map[string]string{
			"OFFLOAD_STRATEGY":      "sqs",
			"OFFLOAD_SQS_QUEUE_URL": url,
			"AWS_ENDPOINT_URL_SQS":  server.URL(),
			"LEDGER_URL":            l.URL,
		},
	})
	if _, err := f.MapQueue(t.Context(), lambdatest.QueueMapping{
		QueueURL:                url,
		Endpoint:                server.URL(),
		ReportBatchItemFailures: true,
	}); err != nil {
		t.Fatal(err)
	}
	return f, server
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

const changes = `[{"id":"a1","customer":"ada","amount":1},{"id":"b1","customer":"bob","amount":1},
	{"id":"a2","customer":"ada","amount":2},{"id":"b2","customer":"bob","amount":2},{"id":"a3","customer":"ada","amount":3}]`

// until polls.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// What fails for Ada holds up Ada alone, and nothing of hers overtakes it.
func TestOrderOfEachCustomer(t *testing.T) {
	t.Parallel()
	l := startLedger(t, "a2", 2)
	f, server := start(t, l)
	if code := post(t, f.URL(), changes); code != http.StatusAccepted {
		t.Fatalf("%d; log:\n%s", code, f.LogText())
	}
	until(t, "Bob's changes wait for Ada's", func() bool { return len(l.of("bob")) == 2 })
	for attempt := 1; attempt <= 2; attempt++ {
		until(t, "the ledger was not asked", func() bool { return l.refusals() == attempt })
		if err := f.WaitIdle(t.Context()); err != nil { // the worker has told the queue when to deliver again
			t.Fatal(err)
		}
		server.Advance(time.Hour) // to then
	}
	until(t, "Ada's changes are not booked", func() bool { return len(l.of("ada")) == 3 })
	for customer, want := range map[string][]string{"ada": {"a1", "a2", "a3"}, "bob": {"b1", "b2"}} {
		if got := l.of(customer); !slices.Equal(got, want) {
			t.Errorf("%s: booked %v, want %v", customer, got, want)
		}
	}
}

// A client that did not get its answer sends the same changes again.
func TestRepeatedRequestIsOneMessage(t *testing.T) {
	t.Parallel()
	l := startLedger(t, "", 0)
	f, server := start(t, l)
	for range 3 {
		if code := post(t, f.URL(), changes); code != http.StatusAccepted {
			t.Fatal(code)
		}
	}
	until(t, "the changes are not booked", func() bool {
		return server.Queue("changes.fifo").Counts() == sqstest.Counts{}
	})
	if ada, bob := l.of("ada"), l.of("bob"); len(ada) != 3 || len(bob) != 2 {
		t.Errorf("booked %v and %v", ada, bob)
	}
}

func TestNothingHalfAccepted(t *testing.T) {
	t.Parallel()
	l := startLedger(t, "", 0)
	f, server := start(t, l)
	for _, body := range []string{`hello`, `[{"id":"a1","customer":"ada"},{"id":"a2"}]`} {
		if code := post(t, f.URL(), body); code != http.StatusBadRequest {
			t.Errorf("%s: %d", body, code)
		}
	}
	if code := post(t, f.URL(), `[{"id":"a1","customer":"ada"},{"id":"b1","customer":"not a group"}]`); code < 500 {
		t.Errorf("a customer that cannot be a group: %d", code)
	}
	if sent := server.Requests()["SendMessageBatch"]; sent.Entries != 0 {
		t.Errorf("%+v", sent)
	}
}
