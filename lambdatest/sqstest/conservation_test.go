package sqstest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// TestNothingIsLost does random things to a queue with a dead-letter queue for
// hours, and wants every message that was not deleted in one of the two, once, and
// FIFO groups in order.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, fifo := range []bool{false, true} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("fifo=%v/%d", fifo, seed), func(t *testing.T) {
				t.Parallel()
				inBubble(t, nil, func(e env, _ *sqstest.Server) { churn(e, fifo, seed) })
			})
		}
	}
}

func churn(e env, fifo bool, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	create := e.queue
	if fifo {
		create = e.fifo
	}
	dlq := create("dlq", attrs{"MessageRetentionPeriod": "1209600"})
	url := create("q", attrs{"MessageRetentionPeriod": "1209600", "VisibilityTimeout": "60", "RedrivePolicy": redrivePolicy(e.arn(dlq), 4)})

	alive := map[string]bool{} // by message ID
	var held []types.Message
	sent := 0
	for range 300 {
		switch rng.IntN(6) {
		case 0, 1:
			sent++
			out := e.send(url, fmt.Sprintf("%06d", sent), group(fmt.Sprint("g", rng.IntN(5))))
			alive[*out.MessageId] = true
		case 2:
			got := e.receive(url, atMost(1+rng.Int32N(10)), allAttributes)
			inOrder(e, got, fifo)
			held = append(held, got...)
		case 3:
			if len(held) > 0 {
				m := held[rng.IntN(len(held))]
				before := e.counts(url)
				if e.tryDelete(url, *m.ReceiptHandle) == nil && e.counts(url) != before {
					delete(alive, *m.MessageId)
				}
			}
		case 4:
			if len(held) > 0 {
				m := held[rng.IntN(len(held))]
				// Handles out of date are refused on FIFO queues and do nothing on others.
				_ = e.setVisibility(url, *m.ReceiptHandle, rng.Int32N(120))
			}
		case 5:
			e.pass(time.Duration(rng.IntN(40)) * time.Second)
		}
		if n := sum(e.counts(url)) + sum(e.counts(dlq)); n != len(alive) {
			e.Fatalf("the queues hold %d messages, want %d", n, len(alive))
		}
	}
	e.pass(time.Hour)
	for _, u := range []string{url, dlq} {
		for {
			got := e.receive(u, hidden(43_200), allAttributes)
			if len(got) == 0 {
				break
			}
			inOrder(e, got, fifo)
			for _, m := range got {
				if !alive[*m.MessageId] {
					e.Errorf("message %s was deleted or received twice", *m.MessageId)
				}
				delete(alive, *m.MessageId)
				if fifo { // or its group stays locked
					e.delete(u, m)
				}
			}
		}
	}
	if len(alive) != 0 {
		e.Errorf("%d messages are lost", len(alive))
	}
}

// inOrder wants the messages of each group in the order they were sent, which their
// bodies number.
func inOrder(e env, messages []types.Message, fifo bool) {
	e.Helper()
	last := map[string]string{}
	for _, m := range messages {
		g := m.Attributes["MessageGroupId"]
		if fifo && *m.Body <= last[g] {
			e.Errorf("group %s: received %s after %s", g, *m.Body, last[g])
		}
		last[g] = *m.Body
	}
}

func sum(n [3]int) int { return n[0] + n[1] + n[2] }
