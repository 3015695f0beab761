package sqs_test

import (
	"testing"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/sqs"
	"github.com/go-offload/lambda/strategies/strategytest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	strategytest.Run(t, strategytest.Harness{New: func(t *testing.T) strategytest.Subject {
		t.Helper()
		server, queue := newQueue(t, "tasks", nil)
		s := sqs.New(nil)
		t.Cleanup(s.Thaw) // leaves no connection behind
		return strategytest.Subject{
			Strategy:    s,
			Environment: lambdaenv.Vars(map[string]string{sqs.EnvQueueURL: queue.URL()}),
			Destination: &strategytest.Destination{
				Received: func() [][]byte {
					var bodies [][]byte
					for _, m := range queue.Snapshot().Messages {
						bodies = append(bodies, []byte(m.Body))
					}
					return bodies
				},
				Refuse: func(permanent bool) {
					server.Inject(sqstest.Fault{Action: "SendMessageBatch", Entries: &sqstest.EntryFault{SenderFault: permanent}})
				},
			},
		}
	}})
}
