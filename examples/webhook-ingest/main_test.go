package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const secret = "whsec_test"

// backend does each event once, by its Idempotency-Key. Calls for events whose ID begins with "bad" fail.
type backend struct {
	*httptest.Server
	mu    sync.Mutex
	calls int
	done  map[string]string // body by key
}

func startBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{done: map[string]string{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.calls++
		key := r.Header.Get("Idempotency-Key")
		if strings.HasPrefix(key, "bad") {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var body strings.Builder
		_ = r.Write(&body)
		b.done[key] = body.String()
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) seen() (calls int, done []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key := range b.done {
		done = append(done, key)
	}
	return b.calls, done
}

// stack is the function, its queue with a dead-letter queue, and the mapping from the queue to the function.
type stack struct {
	*lambdatest.Lambda
	sqs     *sqstest.Server
	mapping *lambdatest.EventSourceMapping
	backend *backend
}

func start(t *testing.T) *stack {
	t.Helper()
	s := &stack{sqs: sqstest.Start(t, nil), backend: startBackend(t)}
	if _, err := s.sqs.CreateQueue("webhooks-dlq", nil); err != nil {
		t.Fatal(err)
	}
	url, err := s.sqs.CreateQueue("webhooks", map[string]string{
		"VisibilityTimeout": "60",
		"RedrivePolicy":     `{"maxReceiveCount":3,"deadLetterTargetArn":"` + s.sqs.Queue("webhooks-dlq").ARN() + `"}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Lambda = lambdatest.Start(t, lambdatest.Function{
		Package: ".",
		Timeout: 10 * time.Second,
		Env: map[string]string{
			"OFFLOAD_STRATEGY":      "sqs",
			"OFFLOAD_SQS_QUEUE_URL": url,
			"AWS_ENDPOINT_URL_SQS":  s.sqs.URL(),
			"WEBHOOK_SECRET":        secret,
			"BACKEND_URL":           s.backend.URL,
		},
	})
	s.mapping, err = s.MapQueue(t.Context(), lambdatest.QueueMapping{
		QueueURL:                url,
		Endpoint:                s.sqs.URL(),
		ReportBatchItemFailures: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stack) post(t *testing.T, body, signature string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestAcceptedIsDurableAndDoneOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	if err := s.mapping.Disable(t.Context()); err != nil { // so that what is accepted can be seen in the queue
		t.Fatal(err)
	}
	const body = `{"id":"evt_1","type":"invoice.paid","data":{"amount":4200}}`
	for range 2 { // senders repeat what they are unsure of
		if code := s.post(t, body, sign(body)); code != http.StatusAccepted {
			t.Fatalf("%d; log:\n%s", code, s.LogText())
		}
	}
	if n := len(s.sqs.Queue("webhooks").Snapshot().Messages); n != 2 {
		t.Errorf("the sender was told 202 twice, the queue has %d messages", n)
	}
	if err := s.mapping.Enable(); err != nil {
		t.Fatal(err)
	}
	if err := s.mapping.WaitDrained(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls, done := s.backend.seen()
	if calls != 2 || len(done) != 1 || done[0] != "evt_1" {
		t.Errorf("%d calls did %v; want two with one key, evt_1", calls, done)
	}
}

// The sender is not told 202 for an event that is in no queue.
func TestQueueRefuses(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.sqs.Inject(sqstest.Fault{Action: "SendMessageBatch", Entries: &sqstest.EntryFault{SenderFault: true}})
	const body = `{"id":"evt_2"}`
	if code := s.post(t, body, sign(body)); code < 500 {
		t.Errorf("%d, want an error that makes the sender repeat", code)
	}
	if _, done := s.backend.seen(); len(done) != 0 {
		t.Error("it was processed")
	}
}

func TestHopelessEventsEndInTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	s := start(t)
	const body = `{"id":"bad_1"}`
	if code := s.post(t, body, sign(body)); code != http.StatusAccepted {
		t.Fatal(code)
	}
	for attempt := 1; attempt <= 3; attempt++ {
		until(t, s, fmt.Sprint("attempt ", attempt), func() bool {
			calls, _ := s.backend.seen()
			return calls == attempt
		})
		if err := s.WaitIdle(t.Context()); err != nil { // the worker has told the queue when to deliver it again
			t.Fatal(err)
		}
		s.sqs.Advance(time.Hour) // to then
	}
	until(t, s, "it is among the dead letters", func() bool { return len(s.sqs.Queue("webhooks-dlq").Snapshot().Messages) == 1 })
	if calls, _ := s.backend.seen(); calls != 3 {
		t.Errorf("%d attempts, want the 3 of the redrive policy", calls)
	}
}

// until polls.
func until(t *testing.T, s *stack, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: did not happen; log:\n%s", what, s.LogText())
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	const body = `{"id":"evt_3"}`
	for name, test := range map[string]struct {
		body, signature string
		want            int
	}{
		"no signature":    {body, "", http.StatusUnauthorized},
		"wrong signature": {body, sign("something else"), http.StatusUnauthorized},
		"not JSON":        {"hello", sign("hello"), http.StatusBadRequest},
		"no id":           {"{}", sign("{}"), http.StatusBadRequest},
		"an odd id":       {`{"id":"a b"}`, sign(`{"id":"a b"}`), http.StatusUnprocessableEntity},
	} {
		if got := s.post(t, test.body, test.signature); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
