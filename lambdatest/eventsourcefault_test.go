package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

var duplicateOnce = sqstest.Fault{Action: "ReceiveMessage", Duplicate: true, Times: 1}

// An endpoint in trouble costs time and duplicates, no messages.
func TestQueueFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sqstest.Fault{
		"receive fails":                  {Action: "ReceiveMessage", Failure: sqstest.ServiceUnavailable, Times: 20},
		"receive is throttled":           {Action: "ReceiveMessage", Failure: sqstest.RequestThrottled, Times: 20},
		"receive throttled in front":     {Action: "ReceiveMessage", Failure: sqstest.Throttling, Times: 20},
		"receive loses its answer":       {Action: "ReceiveMessage", DropResponse: true, Times: 1},
		"delete fails":                   {Action: "DeleteMessageBatch", Failure: sqstest.InternalFailure, Times: 3},
		"delete is throttled":            {Action: "DeleteMessageBatch", Failure: sqstest.RequestThrottled, Times: 3},
		"delete throttled in front":      {Action: "DeleteMessageBatch", Failure: sqstest.Throttling, Times: 3},
		"delete loses its answer":        {Action: "DeleteMessageBatch", DropResponse: true, Times: 3},
		"delete fails for some":          {Action: "DeleteMessageBatch", Entries: &sqstest.EntryFault{Probability: 0.5}, Times: 3},
		"delete fails for good for some": {Action: "DeleteMessageBatch", Entries: &sqstest.EntryFault{Probability: 0.5, SenderFault: true}, Times: 1},
		"delete never works":             {Action: "DeleteMessageBatch", Failure: sqstest.InternalFailure, Times: 10},
	} {
		t.Run(name, func(t *testing.T) {
			bundle{before: func(b *bench) { b.srv.Inject(fault) }}.bubble(t, func(b *bench) {
				b.send(numbered(10)...)
				b.drained()
				seen := map[string]bool{}
				for _, batch := range b.seen() {
					for _, body := range batch {
						seen[body] = true
					}
				}
				if dead := b.dead.Counts().Total(); len(seen) != 10 || dead != 0 {
					b.Errorf("%d messages seen, %d dead", len(seen), dead)
				}
				// What was done once is done again only if it could not be deleted.
				times := 1
				switch name {
				case "delete fails for good for some":
					times = 2
				case "delete never works":
					times = 3
				}
				if n := len(b.seen()); n != times {
					b.Errorf("%d batches, want %d", n, times)
				}
				failed := 0
				for _, e := range slices.Concat(b.recorded(EventPoll), b.recorded(EventDelete)) {
					if e.Message != "" {
						failed++
					}
				}
				if failed == 0 {
					b.Error("the journal does not tell of the failure")
				}
			})
		})
	}
}

// A lost answer to a receive does not hold up a FIFO queue: the same attempt returns the same messages.
func TestQueueFaultFIFOReceive(t *testing.T) {
	bundle{fifo: true, before: func(b *bench) {
		b.srv.Inject(sqstest.Fault{Action: "ReceiveMessage", DropResponse: true, Times: 1})
	}}.bubble(t, func(b *bench) {
		start := time.Now()
		b.send(grouped("g", "a", "b")...)
		b.drained()
		if took := time.Since(start); took > 5*time.Second {
			b.Errorf("took %v, want less than the visibility timeout", took)
		}
		if got := b.seen(); len(got) != 1 || len(got[0]) != 2 {
			b.Errorf("batches %v", got)
		}
	})
}

// An idle queue costs three requests a minute.
func TestIdlePolling(t *testing.T) {
	bundle{}.bubble(t, func(b *bench) {
		b.sleep(time.Hour)
		if n := b.queue.Snapshot().Requests["ReceiveMessage"].Calls; n < 179 || n > 181 {
			b.Errorf("%d polls in an hour, want 180", n)
		}
	})
}

// impatient answers every long poll at once.
type impatient struct{ polls int }

func (s *impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	body := `{}`
	switch r.Header.Get("X-Amz-Target") {
	case "AmazonSQS.GetQueueAttributes":
		body = `{"Attributes":{"QueueArn":"arn:aws:sqs:us-east-1:123456789012:q","VisibilityTimeout":"30"}}`
	default:
		s.polls++
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

// An endpoint that does not wait is not asked all the time.
func TestImpatientEndpoint(t *testing.T) {
	bundle{}.bubble(t, func(b *bench) {
		endpoint := &impatient{}
		esm, err := newEventSourceMapping(b.Context(), QueueMapping{QueueURL: "http://sqs.test/1/q", Client: &http.Client{Transport: endpoint}},
			time.Second, nil, b.record)
		if err != nil {
			b.Fatal(err)
		}
		defer esm.Close()
		if err := esm.Enable(); err != nil {
			b.Fatal(err)
		}
		b.sleep(10 * time.Minute)
		if endpoint.polls > 600 {
			b.Errorf("%d polls in ten minutes", endpoint.polls)
		}
	})
}

// Close ends a long poll, a batch at work and a pause, and leaves the messages in the queue.
func TestCloseMapping(t *testing.T) {
	t.Parallel()
	t.Run("while it polls", func(t *testing.T) {
		bundle{}.bubble(t, func(b *bench) {
			b.sleep(time.Second)
			start := time.Now()
			b.esm.Close()
			b.esm.Close()
			if took := time.Since(start); took > 0 {
				b.Errorf("took %v", took)
			}
		})
	})
	t.Run("while a batch is at work", func(t *testing.T) {
		bundle{}.bubble(t, func(b *bench) {
			b.esm.run = func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			b.send(text("a")...)
			b.sleep(time.Second)
			b.esm.Close()
			if n := b.queue.Counts(); n.InFlight != 1 {
				b.Errorf("%+v", n)
			}
		})
	})
	t.Run("while it is throttled", func(t *testing.T) {
		bundle{run: func(*bench, []events.SQSMessage) ([]byte, error) { return nil, throttled() }}.bubble(t, func(b *bench) {
			b.send(text("a")...)
			b.sleep(time.Second)
			b.esm.Close()
		})
	})
	t.Run("while the endpoint is down", func(t *testing.T) {
		bundle{}.bubble(t, func(b *bench) {
			b.srv.Inject(sqstest.Fault{Failure: sqstest.ServiceUnavailable})
			b.sleep(time.Minute)
			b.esm.Close()
		})
	})
}

func TestWaitDrained(t *testing.T) {
	t.Parallel()
	t.Run("waits for delayed messages", func(t *testing.T) {
		bundle{}.bubble(t, func(b *bench) {
			start := time.Now()
			b.send(entry{MessageBody: "later", DelaySeconds: 300})
			b.drained()
			if took := time.Since(start); took < 5*time.Minute || len(b.seen()) != 1 {
				b.Errorf("drained after %v with %v", took, b.seen())
			}
		})
	})
	t.Run("waits for a batch at work", func(t *testing.T) {
		bundle{run: func(*bench, []events.SQSMessage) ([]byte, error) { <-time.After(10 * time.Second); return nil, nil }}.bubble(t, func(b *bench) {
			start := time.Now()
			b.send(text("a")...)
			b.drained()
			if took := time.Since(start); took < 10*time.Second {
				b.Errorf("drained after %v", took)
			}
		})
	})
	t.Run("says what is left", func(t *testing.T) {
		bundle{run: func(*bench, []events.SQSMessage) ([]byte, error) { return nil, errFunction }}.bubble(t, func(b *bench) {
			b.send(text("a", "b")...)
			ctx, cancel := context.WithTimeout(b.Context(), time.Second)
			defer cancel()
			err := b.esm.WaitDrained(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(fmt.Sprint(err), "2 messages") {
				b.Error(err)
			}
		})
	})
	t.Run("ends when the queue is gone", func(t *testing.T) {
		bundle{}.bubble(t, func(b *bench) {
			if err := b.api.call(b.Context(), "DeleteQueue", 0, map[string]string{"QueueUrl": b.api.queueURL}, nil); err != nil {
				b.Fatal(err)
			}
			if err := b.esm.WaitDrained(b.Context()); err == nil || !strings.Contains(err.Error(), "QueueDoesNotExist") {
				b.Error(err)
			}
		})
	})
	t.Run("outlives an outage", func(t *testing.T) {
		bundle{}.bubble(t, func(b *bench) {
			b.send(text("a")...)
			b.srv.Inject(sqstest.Fault{Failure: sqstest.ServiceUnavailable, Times: 20})
			b.drained()
		})
	})
}

// Nothing that an endpoint answers does more than fail the request.
func FuzzQueueAnswer(f *testing.F) {
	f.Add(200, []byte(`{"Attributes":{"QueueArn":"arn:aws:sqs:us-east-1:123456789012:q","VisibilityTimeout":"30"},"Messages":[{"MessageId":"1","Body":"x"}],"Failed":[{"Id":"0"}]}`))
	f.Add(200, []byte(`{"Attributes":{"QueueArn":"a","VisibilityTimeout":"-99999999999999999999"},"Failed":[{"Id":"-1"},{"Id":"7"}]}`))
	f.Add(200, []byte(`{"Messages":[null,{"MessageAttributes":{"a":{"BinaryValue":"!"}}}]}`))
	f.Add(400, []byte(`{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"}`))
	f.Add(503, []byte(`<html>`))
	f.Add(200, []byte(nil))
	f.Fuzz(func(t *testing.T, status int, answer []byte) {
		if status < 100 || status > 999 {
			return
		}
		a := newQueueAPI("http://sqs.test", "http://sqs.test/1/q", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(string(answer))), Header: http.Header{}, Request: r}, nil
		})})
		q, err := a.describe(t.Context())
		if err == nil && q.arn == "" {
			t.Errorf("a queue without ARN from %q", answer)
		}
		if n, err := a.count(t.Context()); err == nil && n < 0 {
			t.Errorf("%d messages from %q", n, answer)
		}
		messages, err := a.receive(t.Context(), q, 10, 0, "attempt")
		if err != nil && len(messages) > 0 {
			t.Errorf("messages and %v", err)
		}
		c := &collection{limits: batchLimits{messages: 10, bytes: MaxPayload}}
		for i := range messages {
			m, err := newBatchMessage(q, &messages[i])
			if err != nil {
				t.Fatal(err)
			}
			c.add(m, time.Now())
		}
		left, err := a.remove(t.Context(), []string{"one", "two"})
		for i := range left {
			if err != nil || i < 0 || i > 1 {
				t.Errorf("entry %d left, %v", i, err)
			}
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
