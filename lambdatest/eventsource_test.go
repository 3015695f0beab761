package lambdatest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// mapped deploys testdata/queue behind a queue named orders, whose dead-letter queue is named dead.
func mapped(t *testing.T, f lambdatest.Function, attributes map[string]string, m lambdatest.QueueMapping) (*lambdatest.Lambda, *sqstest.Server, *lambdatest.EventSourceMapping) {
	t.Helper()
	srv := sqstest.Start(t, nil)
	if _, err := srv.CreateQueue("dead", nil); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"VisibilityTimeout": "30",
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, srv.Queue("dead").ARN()),
	}
	for name, value := range attributes {
		all[name] = value
	}
	url, err := srv.CreateQueue("orders", all)
	if err != nil {
		t.Fatal(err)
	}
	f.Package = "./testdata/queue"
	l := lambdatest.Start(t, f)
	m.QueueURL = url
	esm, err := l.MapQueue(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return l, srv, esm
}

// send puts messages into a queue, with one request.
func send(t *testing.T, srv *sqstest.Server, queue string, bodies ...string) {
	t.Helper()
	type entry struct {
		ID          string `json:"Id"`
		MessageBody string
	}
	in := struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []entry
	}{QueueURL: srv.Queue(queue).URL()}
	for i, body := range bodies {
		in.Entries = append(in.Entries, entry{fmt.Sprint(i), body})
	}
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL(), strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessageBatch")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ Successful []struct{} }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || len(out.Successful) != len(bodies) {
		t.Fatalf("SendMessageBatch: %s, %d messages sent, %v", res.Status, len(out.Successful), err)
	}
}

// A real function gets the messages of a real endpoint, and what it has processed leaves the queue.
func TestMapQueue(t *testing.T) {
	t.Parallel()
	l, srv, esm := mapped(t, lambdatest.Function{}, nil, lambdatest.QueueMapping{})
	send(t, srv, "orders", "a", "b", "c")
	// Messages that were not received yet are not missed.
	if err := esm.WaitDrained(t.Context()); err != nil {
		t.Fatal(err)
	}
	contains(t, l.LogText(), "receive 1 body a", "receive 1 body b", "receive 1 body c")
	requests := srv.Queue("orders").Snapshot().Requests
	if n := requests["DeleteMessageBatch"]; n.Calls != 1 || n.Entries != 3 {
		t.Errorf("deletes: %+v, want one request with 3 entries", n)
	}
	if err := l.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(l.Reports()); n != 1 {
		t.Errorf("%d invocations, want 1", n)
	}
}

// Whatever goes wrong with the invocation, be it after its response, the messages stay, become visible again after the visibility timeout, and
// end in the dead-letter queue.
func TestMapQueueFailures(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"fail", "hang", "crash", "tail"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			l, srv, esm := mapped(t, lambdatest.Function{Timeout: 500 * time.Millisecond}, nil, lambdatest.QueueMapping{})
			send(t, srv, "orders", how, "innocent")
			for receives := range 2 {
				eventually(t, "the batch fails", func() bool { return failedBatches(l) == receives+1 })
				if n := srv.Queue("orders").Counts(); n.InFlight != 2 {
					t.Errorf("after %d receives: %+v, want both in flight", receives+1, n)
				}
				srv.Advance(time.Minute)
			}
			if err := esm.WaitDrained(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := srv.Queue("dead").Counts().Total(); n != 2 {
				t.Errorf("%d messages in the dead-letter queue, want 2", n)
			}
		})
	}
}

func failedBatches(l *lambdatest.Lambda) int {
	n := 0
	for _, e := range l.Events() {
		if e.Kind == lambdatest.EventBatchEnd && len(e.Batch.Failed) > 0 {
			n++
		}
	}
	return n
}

// A partial batch response keeps the messages it names.
func TestMapQueueItemFailures(t *testing.T) {
	t.Parallel()
	l, srv, esm := mapped(t, lambdatest.Function{}, nil, lambdatest.QueueMapping{ReportBatchItemFailures: true})
	send(t, srv, "orders", "a", "item", "b")
	eventually(t, "the batch ends", func() bool { return failedBatches(l) == 1 })
	snap, err := srv.Queue("orders").Wait(t.Context(), func(s sqstest.Snapshot) bool { return s.Total() == 1 })
	if err != nil {
		t.Fatal(err)
	}
	if snap.Messages[0].Body != "item" {
		t.Errorf("%q is left", snap.Messages[0].Body)
	}
	srv.Advance(time.Minute)
	eventually(t, "it fails again", func() bool { return failedBatches(l) == 2 })
	srv.Advance(time.Minute)
	if err := esm.WaitDrained(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := srv.Queue("dead").Counts().Total(); n != 1 {
		t.Errorf("%d messages in the dead-letter queue, want 1", n)
	}
}

// Disable waits for the batch that is at work; what comes later stays in the queue until Enable.
func TestMapQueueDisable(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	l, srv, esm := mapped(t, lambdatest.Function{Timeout: 20 * time.Second}, nil, lambdatest.QueueMapping{})
	send(t, srv, "orders", "wait "+gate)
	eventually(t, "the function waits", func() bool { return strings.Contains(l.LogText(), "body wait") })
	disabled := make(chan error, 1)
	go func() { disabled <- esm.Disable(t.Context()) }()
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-disabled; err != nil {
		t.Fatal(err)
	}
	if n := srv.Queue("orders").Counts().Total(); n != 0 {
		t.Errorf("%d messages after Disable, want the batch done and deleted", n)
	}
	send(t, srv, "orders", "a")
	if n := srv.Queue("orders").Counts(); n.Visible != 1 {
		t.Errorf("%+v while disabled, want the message visible", n)
	}
	if err := esm.Enable(); err != nil {
		t.Fatal(err)
	}
	if err := esm.WaitDrained(t.Context()); err != nil {
		t.Fatal(err)
	}
	esm.Close()
	if err := esm.Enable(); !errors.Is(err, lambdatest.ErrClosed) {
		t.Errorf("Enable after Close: %v", err)
	}
	if err := esm.WaitDrained(t.Context()); !errors.Is(err, lambdatest.ErrClosed) {
		t.Errorf("WaitDrained after Close: %v", err)
	}
}

// A queue can be mapped once to a function; removing the function ends the mapping.
func TestMapQueueTwice(t *testing.T) {
	t.Parallel()
	l, srv, esm := mapped(t, lambdatest.Function{}, nil, lambdatest.QueueMapping{})
	again := lambdatest.QueueMapping{QueueURL: srv.Queue("orders").URL()}
	var refused *lambdatest.APIError
	if _, err := l.MapQueue(t.Context(), again); !errors.As(err, &refused) || refused.Code != "ResourceConflictException" || refused.StatusCode != http.StatusConflict {
		t.Errorf("mapped twice: %v", err)
	}
	esm.Close()
	second, err := l.MapQueue(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if second.UUID() == esm.UUID() || second.QueueARN() != srv.Queue("orders").ARN() {
		t.Errorf("mapping %s of %s", second.UUID(), second.QueueARN())
	}
	l.Close()
	if err := second.Enable(); !errors.Is(err, lambdatest.ErrClosed) {
		t.Errorf("the mapping outlives its function: %v", err)
	}
	if _, err := l.MapQueue(t.Context(), again); !errors.Is(err, lambdatest.ErrClosed) {
		t.Errorf("mapped after Close: %v", err)
	}
}

// Close does not wait for the function, and what it is at work on stays in the queue.
func TestCloseWhileTheFunctionRuns(t *testing.T) {
	t.Parallel()
	l, srv, _ := mapped(t, lambdatest.Function{Timeout: 20 * time.Second}, nil, lambdatest.QueueMapping{})
	send(t, srv, "orders", "wait "+filepath.Join(t.TempDir(), "never"))
	eventually(t, "the function waits", func() bool { return strings.Contains(l.LogText(), "body wait") })
	l.Close()
	if n := srv.Queue("orders").Counts(); n.InFlight != 1 {
		t.Errorf("%+v, want the message in flight", n)
	}
}

func TestMapQueueRefused(t *testing.T) {
	t.Parallel()
	l, srv, _ := mapped(t, lambdatest.Function{}, nil, lambdatest.QueueMapping{})
	for name, tc := range map[string]struct {
		m    lambdatest.QueueMapping
		want string
	}{
		"no such queue": {lambdatest.QueueMapping{QueueURL: srv.URL() + "/123456789012/nothing"}, "QueueDoesNotExist"},
		"nobody there":  {lambdatest.QueueMapping{QueueURL: srv.Queue("orders").URL(), Endpoint: "http://127.0.0.1:1"}, "refused"},
		"bad settings":  {lambdatest.QueueMapping{QueueURL: srv.Queue("orders").URL(), BatchSize: 11}, "BatchWindow"},
	} {
		if _, err := l.MapQueue(t.Context(), tc.m); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}
