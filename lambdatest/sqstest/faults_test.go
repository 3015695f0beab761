package sqstest_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// retrying is a client with the SDK's default retries.
func retrying(o *sqs.Options) { o.RetryMaxAttempts = 3 }

func TestFaultFailures(t *testing.T) {
	t.Parallel()
	for failure, want := range map[sqstest.Failure]struct {
		code   string
		status int
	}{
		sqstest.RequestThrottled:   {"RequestThrottled", 403},
		sqstest.Throttling:         {"ThrottlingException", 400},
		sqstest.InternalFailure:    {"InternalFailure", 500},
		sqstest.ServiceUnavailable: {"ServiceUnavailable", 503},
	} {
		t.Run(want.code, func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, func(e env, srv *sqstest.Server) {
				url := e.queue("q", nil)
				fault := srv.Inject(sqstest.Fault{Action: "SendMessage", Times: 1, Failure: failure})
				_, err := e.trySend(url, "x")
				wantCode(e, err, want.code)
				if failure == sqstest.RequestThrottled {
					wantType[*types.RequestThrottled](e, err)
				}
				e.wantCounts(url, 0, 0, 0)
				e.send(url, "x") // used up

				// The SDK knows each of them as worth a retry.
				again := srv.Inject(sqstest.Fault{Action: "SendMessage", Times: 2, Failure: failure})
				e.client = newClient(srv, retrying)
				e.send(url, "y")
				if fault.Hits() != 1 || again.Hits() != 2 {
					e.Errorf("hits %d and %d, want 1 and 2", fault.Hits(), again.Hits())
				}
				if got, want := srv.Requests()["SendMessage"], (sqstest.RequestCount{Calls: 5, Entries: 5, Errors: 3}); got != want {
					e.Errorf("SendMessage %+v, want %+v", got, want)
				}
				e.wantCounts(url, 2, 0, 0)
			})
		})
	}
}

func TestFaultMatchesActionAndQueue(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		one, two := e.queue("one", nil), e.queue("two", nil)
		fault := srv.Inject(sqstest.Fault{Action: "SendMessage", Queue: "two", Failure: sqstest.InternalFailure})
		e.send(one, "x")
		e.receive(two)
		if _, err := e.trySend(two, "x"); err == nil {
			e.Error("the fault does not hit")
		}
		fault.Remove()
		fault.Remove() // twice is harmless
		e.send(two, "x")
		if fault.Hits() != 1 {
			e.Errorf("%d hits, want 1", fault.Hits())
		}
	})
}

func TestFaultProbabilityIsRepeatable(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (failed []int) {
		inBubble(t, &sqstest.Options{Seed: seed}, func(e env, srv *sqstest.Server) {
			url := e.queue("q", nil)
			srv.Inject(sqstest.Fault{Action: "SendMessage", Probability: 0.3, Failure: sqstest.ServiceUnavailable})
			for i := range 200 {
				if _, err := e.trySend(url, "x"); err != nil {
					failed = append(failed, i)
				}
			}
		})
		return failed
	}
	first, again, other := run(7), run(7), run(8)
	if !slices.Equal(first, again) {
		t.Errorf("seed 7 fails %v, then %v", first, again)
	}
	if slices.Equal(first, other) {
		t.Error("seeds 7 and 8 fail the same requests")
	}
	if len(first) < 30 || len(first) > 90 {
		t.Errorf("%d of 200 failed, want about 60", len(first))
	}
}

func TestFaultLatency(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		url := e.queue("q", nil)
		srv.Inject(sqstest.Fault{Action: "SendMessage", Latency: 2 * time.Second})
		srv.Inject(sqstest.Fault{Action: "SendMessage", Latency: time.Second})
		start := time.Now()
		e.send(url, "x")
		if took := time.Since(start); took != 3*time.Second {
			e.Errorf("the request took %v, want 3 s", took)
		}
	})
}

func TestFaultDropResponse(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		url := e.queue("q", nil)
		srv.Inject(sqstest.Fault{Action: "SendMessage", Times: 1, DropResponse: true})
		var api smithy.APIError
		if _, err := e.trySend(url, "x"); err == nil || errors.As(err, &api) {
			e.Errorf("the sender got an answer: %v", err)
		}
		e.wantCounts(url, 1, 0, 0)

		// A sender that retries leaves two messages, or one where deduplication holds.
		e.client = newClient(srv, retrying)
		fifo := e.fifo("q", nil)
		srv.Inject(sqstest.Fault{Queue: "q.fifo", Times: 1, DropResponse: true})
		e.send(fifo, "x", group("g"))
		e.wantCounts(fifo, 1, 0, 0)
		srv.Inject(sqstest.Fault{Action: "SendMessage", Queue: "q", Times: 1, DropResponse: true})
		e.send(url, "y")
		e.wantCounts(url, 3, 0, 0)
	})
}

func TestFaultDuplicate(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		url, fifo := e.queue("q", nil), e.fifo("f", nil)
		fault := srv.Inject(sqstest.Fault{Action: "ReceiveMessage", Times: 2, Duplicate: true})
		e.send(url, "x")
		first := e.one(url)
		e.delete(url, first)
		e.send(fifo, "x", group("g"))
		e.delete(fifo, e.one(fifo))
		e.none(fifo)
		second := e.one(url)
		if *first.MessageId != *second.MessageId || *first.ReceiptHandle == *second.ReceiptHandle {
			e.Error("want the same message with another receipt handle")
		}
		e.delete(url, second)
		e.wantCounts(url, 0, 0, 0)
		if fault.Hits() != 2 {
			e.Errorf("%d hits, want 2", fault.Hits())
		}
	})
}

func TestFaultEntries(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		url := e.queue("q", nil)
		srv.Inject(sqstest.Fault{Action: "SendMessageBatch", Times: 1, Entries: &sqstest.EntryFault{Probability: 0.5}})
		out, err := e.sendBatch(url, entries(10)...)
		if err != nil {
			e.Fatal(err)
		}
		if len(out.Failed) == 0 || len(out.Successful) == 0 || len(out.Failed)+len(out.Successful) != 10 {
			e.Errorf("%d failed, %d successful, want some of each", len(out.Failed), len(out.Successful))
		}
		for _, f := range out.Failed {
			if *f.Code != "InternalError" || f.SenderFault {
				e.Errorf("entry failed with %s, sender fault %v", *f.Code, f.SenderFault)
			}
		}
		e.wantCounts(url, len(out.Successful), 0, 0)

		srv.Inject(sqstest.Fault{Action: "SendMessageBatch", Times: 1, Entries: &sqstest.EntryFault{SenderFault: true}})
		srv.Inject(sqstest.Fault{Action: "DeleteMessageBatch", Entries: &sqstest.EntryFault{Code: "Custom"}})
		srv.Inject(sqstest.Fault{Action: "ChangeMessageVisibilityBatch", Entries: &sqstest.EntryFault{}})
		out, err = e.sendBatch(url, entries(1)...)
		if err != nil || !slices.Equal(failures(out.Failed), []string{"id-0 InvalidParameterValue true"}) {
			e.Errorf("failed %v, %v", failures(out.Failed), err)
		}
		handle := e.receive(url, atMost(1))[0].ReceiptHandle
		removed, err := e.client.DeleteMessageBatch(e.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: handle}}})
		if err != nil || !slices.Equal(failures(removed.Failed), []string{"a Custom false"}) {
			e.Errorf("failed %v, %v", failures(removed.Failed), err)
		}
		changed, err := e.client.ChangeMessageVisibilityBatch(e.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: handle}}})
		if err != nil || !slices.Equal(failures(changed.Failed), []string{"a InternalError false"}) {
			e.Errorf("failed %v, %v", failures(changed.Failed), err)
		}
	})
}
