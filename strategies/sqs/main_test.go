package sqs_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/sqs"
)

func TestMain(m *testing.M) {
	if os.Getenv(envBenchServer) != "" {
		serveBench()
		return
	}
	leaktest.Main(m)
}

// open opens a strategy on the queue of that URL.
func open(tb testing.TB, url string, opts *sqs.Options) *sqs.Strategy {
	tb.Helper()
	s := sqs.New(opts)
	if err := s.Open(context.Background(), lambdaenv.New(map[string]string{sqs.EnvQueueURL: url})); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Thaw) // leaves no connection behind
	return s
}

// newQueue makes a queue on a server of its own.
func newQueue(tb testing.TB, name string, attributes map[string]string) (*sqstest.Server, *sqstest.Queue) {
	tb.Helper()
	server := sqstest.Start(tb, nil)
	if _, err := server.CreateQueue(name, attributes); err != nil {
		tb.Fatal(err)
	}
	return server, server.Queue(name)
}

// envelope encodes a task.
func envelope(tb testing.TB, id string, hops int, data string) []byte {
	tb.Helper()
	e := driver.Envelope{
		ID: id, Source: "urn:offload:test", Task: "task", Time: time.Unix(1_800_000_000, 0),
		Hops: hops, Data: []byte(data),
	}
	body, err := e.AppendJSON(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// message makes the message of a task on its first hop.
func message(tb testing.TB, id string) driver.Message {
	tb.Helper()
	return driver.Message{ID: id, Task: "task", Body: envelope(tb, id, 1, `{"n":1}`), Deduplication: id, Hops: 1}
}
