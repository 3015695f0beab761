package lambdatest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

func newQueue(t *testing.T, srv *sqstest.Server, name string) *sqstest.Queue {
	t.Helper()
	if _, err := srv.CreateQueue(name, nil); err != nil {
		t.Fatal(err)
	}
	return srv.Queue(name)
}

// single waits for the one message of a queue.
func single(t *testing.T, q *sqstest.Queue) sqstest.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	snap, err := q.Wait(ctx, func(s sqstest.Snapshot) bool { return s.Total() > 0 })
	if err != nil {
		t.Fatalf("%s: %v", q.Name(), err)
	}
	if len(snap.Messages) != 1 {
		t.Fatalf("%s: %d messages", q.Name(), len(snap.Messages))
	}
	return snap.Messages[0]
}

// record is an invocation record, as the Developer Guide shows it.
type record struct {
	Version        string
	Timestamp      time.Time
	RequestContext struct {
		RequestID              string `json:"requestId"`
		FunctionARN            string `json:"functionArn"`
		Condition              string
		ApproximateInvokeCount int
	}
	RequestPayload  json.RawMessage
	ResponseContext *struct {
		StatusCode      int
		ExecutedVersion string
		FunctionError   string
	}
	ResponsePayload json.RawMessage
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	successes, failures, dead := newQueue(t, srv, "successes"), newQueue(t, srv, "failures"), newQueue(t, srv, "dead")
	l := function(t, lambdatest.Function{
		Name: "orders", SQSEndpoint: srv.URL(),
		Async: lambdatest.AsyncConfig{
			Speedup: 1e5, OnSuccess: successes.ARN(), OnFailure: failures.ARN(), DeadLetterQueue: dead.ARN(),
		},
	})
	id := invokeAsync(t, l, map[string]any{"order": "4711"})
	if res := waitAsync(t, l, id); res.DeliveryError != nil {
		t.Fatal(res.DeliveryError)
	}
	sent := single(t, successes)
	if !strings.HasPrefix(sent.TraceHeader, "Root=1-") {
		t.Errorf("trace header %q", sent.TraceHeader)
	}
	r := decode[record](t, []byte(sent.Body))
	if r.Version != "1.0" || time.Since(r.Timestamp).Abs() > time.Minute || r.RequestContext.RequestID != id ||
		r.RequestContext.FunctionARN != "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST" ||
		r.RequestContext.Condition != "Success" || r.RequestContext.ApproximateInvokeCount != 1 ||
		string(r.RequestPayload) != `{"order":"4711"}` || string(r.ResponsePayload) != `{"order":"4711"}` ||
		r.ResponseContext.StatusCode != http.StatusOK || r.ResponseContext.ExecutedVersion != "$LATEST" || r.ResponseContext.FunctionError != "" {
		t.Errorf("%+v", r)
	}
	if failures.Counts().Total()+dead.Counts().Total() != 0 {
		t.Error("a success went to a queue for failures")
	}

	event := `{"mode":"error","text":"no stock"}`
	id = invokeAsync(t, l, json.RawMessage(event))
	waitAsync(t, l, id)
	r = decode[record](t, []byte(single(t, failures).Body))
	if r.RequestContext.RequestID != id || r.RequestContext.Condition != "RetriesExhausted" || r.RequestContext.ApproximateInvokeCount != 3 ||
		string(r.RequestPayload) != event || r.ResponseContext.FunctionError != "Unhandled" ||
		string(r.ResponsePayload) != `{"errorMessage":"no stock","errorType":"errorString"}` {
		t.Errorf("%+v %s", r, r.ResponsePayload)
	}
	letter := single(t, dead)
	if letter.Body != event || letter.Attributes["RequestID"] != id || letter.Attributes["ErrorCode"] != "200" || letter.Attributes["ErrorMessage"] != "no stock" {
		t.Errorf("%+v", letter)
	}
	if successes.Counts().Total() != 1 {
		t.Error("a failure went to the queue for successes")
	}
	delivered := 0
	for _, e := range l.Events() {
		if e.Kind == lambdatest.EventAsyncDelivered {
			delivered++
		}
	}
	if delivered != 3 {
		t.Errorf("%d deliveries in the journal", delivered)
	}
}

// A dead letter carries the first kilobyte of the message, and whole characters only.
func TestLongErrorMessage(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	dead := newQueue(t, srv, "dead")
	l := function(t, lambdatest.Function{
		SQSEndpoint: srv.URL(), Async: lambdatest.AsyncConfig{MaximumRetryAttempts: new(0), DeadLetterQueue: dead.ARN()},
	})
	res := waitAsync(t, l, invokeAsync(t, l, command{Mode: "error", Text: "\x1b[1m€" + strings.Repeat("€", 1000)}))
	if res.DeliveryError != nil {
		t.Fatal(res.DeliveryError)
	}
	// 4 bytes, 340 characters of 3 bytes, and of the control character SQS would not hear.
	if got, want := single(t, dead).Attributes["ErrorMessage"], "[1m"+strings.Repeat("€", 340); got != want {
		t.Errorf("%d bytes, want %d: %s", len(got), len(want), got)
	}
}

// An event that no environment took in time has no response.
func TestExpiredRecord(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	failures, dead := newQueue(t, srv, "failures"), newQueue(t, srv, "dead")
	l := function(t, lambdatest.Function{
		SQSEndpoint: srv.URL(), MaxEnvironments: 1, Timeout: time.Minute,
		Async: lambdatest.AsyncConfig{MaximumEventAge: time.Minute, OnFailure: failures.ARN(), DeadLetterQueue: dead.ARN()},
	})
	gate := t.TempDir() + "/gate"
	busy, err := l.InvokeStream(t.Context(), []byte(`{"mode":"stream","text":"a,b","file":"`+gate+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	busy.Close()
	id := invokeAsync(t, l, command{Mode: "calls"})
	waiting(t, l, 1)
	l.Service().Advance(time.Minute)
	if res := waitAsync(t, l, id); res.DeliveryError != nil || res.Condition != lambdatest.AsyncEventAgeExceeded {
		t.Fatalf("%+v", res)
	}
	r := decode[record](t, []byte(single(t, failures).Body))
	if r.RequestContext.Condition != "EventAgeExceeded" || r.RequestContext.ApproximateInvokeCount != 0 || r.ResponseContext != nil || r.ResponsePayload != nil {
		t.Errorf("%+v", r)
	}
	if letter := single(t, dead); letter.Attributes["ErrorCode"] != "429" || letter.Attributes["ErrorMessage"] != "Rate Exceeded." {
		t.Errorf("%+v", letter)
	}
	touch(t, gate)
}

// A function gets the record as an event of its own.
func TestFunctionDestination(t *testing.T) {
	t.Parallel()
	audit := function(t, lambdatest.Function{Name: "audit"})
	orders, err := audit.Service().Deploy(t.Context(), lambdatest.Function{
		Name: "orders", Package: "./testdata/function", Async: lambdatest.AsyncConfig{OnSuccess: audit.ARN(), OnFailure: audit.ARN() + "lost"},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := invokeAsync(t, orders, map[string]any{"order": "4711"})
	if err := audit.Service().WaitAsyncIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	accepted := slices.IndexFunc(audit.Events(), func(e lambdatest.Event) bool { return e.Kind == lambdatest.EventAsyncAccepted })
	if accepted < 0 {
		t.Fatal("audit got no event")
	}
	res := waitAsync(t, audit, audit.Events()[accepted].RequestID) // an echo
	if r := decode[record](t, res.Payload); r.RequestContext.RequestID != id || res.RequestID == id {
		t.Errorf("%+v", r)
	}

	id = invokeAsync(t, orders, command{Mode: "error"})
	for range 2 {
		waiting(t, orders, 1)
		orders.Service().Advance(2 * time.Minute)
	}
	if res := waitAsync(t, orders, id); !errors.Is(res.DeliveryError, lambdatest.ErrNotFound) || !slices.Contains(kinds(orders), lambdatest.EventAsyncDeliveryFailed) {
		t.Errorf("%+v", res)
	}
}

// Deliveries are repeated where that helps.
func TestDeliveryFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault    sqstest.Fault
		queue    bool
		messages int
		failed   bool
	}{
		"throttled twice": {sqstest.Fault{Failure: sqstest.RequestThrottled, Times: 2}, true, 1, false},
		"unavailable":     {sqstest.Fault{Failure: sqstest.ServiceUnavailable, Times: 4}, true, 1, false},
		"broken":          {sqstest.Fault{DropResponse: true, Action: "GetQueueUrl", Times: 1}, true, 1, false},
		"for good":        {sqstest.Fault{Failure: sqstest.InternalFailure}, true, 0, true},
		"no queue":        {sqstest.Fault{Action: "DeleteQueue"}, false, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := sqstest.Start(t, nil)
			q := srv.Queue("successes")
			if tt.queue {
				q = newQueue(t, srv, "successes")
			}
			l := function(t, lambdatest.Function{SQSEndpoint: srv.URL(), Async: lambdatest.AsyncConfig{OnSuccess: q.ARN()}})
			srv.Inject(tt.fault)
			res := waitAsync(t, l, invokeAsync(t, l, command{Mode: "calls"}))
			if (res.DeliveryError != nil) != tt.failed || q.Counts().Total() != tt.messages || res.Condition != lambdatest.AsyncSuccess {
				t.Errorf("%+v, %d messages", res, q.Counts().Total())
			}
			if tt.failed {
				contains(t, res.DeliveryError.Error(), q.ARN())
			}
		})
	}
}

func TestAsyncConfig(t *testing.T) {
	t.Parallel()
	s, err := lambdatest.New(&lambdatest.Options{SQSEndpoint: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const queue, fn = "arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:lambda:us-east-1:123456789012:function:f"
	for _, tt := range []struct {
		config  lambdatest.AsyncConfig
		problem string
	}{
		{lambdatest.AsyncConfig{OnSuccess: queue, OnFailure: fn + ":$LATEST", DeadLetterQueue: queue, MaximumEventAge: time.Minute}, ""},
		{lambdatest.AsyncConfig{MaximumRetryAttempts: new(3)}, "MaximumRetryAttempts is 3, want 0 to 2"},
		{lambdatest.AsyncConfig{MaximumRetryAttempts: new(-1)}, "MaximumRetryAttempts is -1"},
		{lambdatest.AsyncConfig{MaximumEventAge: 59 * time.Second}, "MaximumEventAge is 59s, want 1m0s to 6h0m0s"},
		{lambdatest.AsyncConfig{MaximumEventAge: 7 * time.Hour}, "MaximumEventAge"},
		{lambdatest.AsyncConfig{Speedup: 0.5}, "Speedup is 0.5"},
		{lambdatest.AsyncConfig{OnSuccess: queue + ".fifo"}, "FIFO"},
		{lambdatest.AsyncConfig{OnFailure: "orders"}, "OnFailure"},
		{lambdatest.AsyncConfig{OnFailure: fn + ":7"}, "OnFailure"},
		{lambdatest.AsyncConfig{DeadLetterQueue: fn}, "DeadLetterQueue"},
	} {
		_, err := s.Deploy(t.Context(), lambdatest.Function{Command: []string{"/bin/true"}, Async: tt.config})
		if tt.problem == "" && err != nil || tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)) {
			t.Errorf("%+v: %v", tt.config, err)
		}
	}
	for endpoint, problem := range map[string]string{"": "SQSEndpoint", "127.0.0.1:9324": "SQSEndpoint"} {
		f := lambdatest.Function{Command: []string{"/bin/true"}, SQSEndpoint: endpoint, Async: lambdatest.AsyncConfig{OnSuccess: queue}}
		tb := &recorder{}
		if l := lambdatest.Start(tb, f); l != nil || !strings.Contains(tb.fatal, problem) {
			t.Errorf("%q: %s", endpoint, tb.fatal)
		}
		tb.clean()
	}
}

// The function finds its queues where Lambda does, unless its configuration says otherwise.
func TestSQSEndpoint(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]lambdatest.Function{
		"http://127.0.0.1:1": {SQSEndpoint: "http://127.0.0.1:1"},
		"http://127.0.0.1:2": {SQSEndpoint: "http://127.0.0.1:1", Env: map[string]string{"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:2"}},
	} {
		l := function(t, f)
		env := decode[[]string](t, succeed(t, l, command{Mode: "env"}).Payload)
		if !slices.Contains(env, "AWS_ENDPOINT_URL_SQS="+want) {
			t.Errorf("want %s in %q", want, env)
		}
	}
}
