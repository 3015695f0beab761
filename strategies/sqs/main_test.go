package sqs_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/sqs"
)

// TestMain fails the package when a goroutine outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftovers(); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines left behind:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leftovers waits a while for goroutines to end and returns the stacks of the rest.
func leftovers() string {
	for deadline := time.Now().Add(5 * time.Second); ; <-time.After(10 * time.Millisecond) {
		buf := make([]byte, 1<<20)
		var left []string
		for i, stack := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			// The first is this one.
			if i > 0 && !strings.Contains(stack, "testing.(*") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
	}
}

// lambdaEnv is what a function finds in its environment.
func lambdaEnv(more map[string]string) driver.Env {
	vars := map[string]string{
		"AWS_REGION":            "eu-central-1",
		"AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN":     "token",
	}
	for key, value := range more {
		vars[key] = value
	}
	return driver.Env{
		Getenv:         func(key string) string { return vars[key] },
		Logger:         slog.New(slog.DiscardHandler),
		MaxConcurrency: 1,
	}
}

// open opens a strategy on the queue of that URL.
func open(tb testing.TB, url string, opts *sqs.Options) *sqs.Strategy {
	tb.Helper()
	s := sqs.New(opts)
	if err := s.Open(context.Background(), lambdaEnv(map[string]string{sqs.EnvQueueURL: url})); err != nil {
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
	return driver.Message{ID: id, Task: "task", Body: envelope(tb, id, 1, `{"n":1}`), Hops: 1}
}
