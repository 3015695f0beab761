package sqs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/sqs"
)

func TestDeadLetter(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"the card was refused":     "the card was refused",
		"":                         "unknown",
		"a\x00b\nc\ufffe\xff":      "a\ufffdb\nc\ufffd\ufffd",
		strings.Repeat("ü", 1<<10): strings.Repeat("ü", 1<<9),
	} {
		for _, name := range []string{"dead", "dead.fifo"} {
			server, queue := newQueue(t, "tasks", nil)
			attributes := map[string]string{}
			if strings.HasSuffix(name, ".fifo") {
				attributes["FifoQueue"] = "true"
			}
			url, err := server.CreateQueue(name, attributes)
			if err != nil {
				t.Fatal(err)
			}
			s := open(t, queue.URL(), &sqs.Options{DeadLetterQueueURL: url})
			letter := driver.DeadLetter{Message: message(t, "id-1"), Reason: reason, RequestID: "request-1"}
			for range 2 { // a FIFO queue stores a repeated move once
				if err := s.DeadLetter(t.Context(), letter); err != nil {
					t.Fatal(err)
				}
			}
			stored := server.Queue(name).Snapshot().Messages
			if once := name == "dead.fifo"; len(stored) != 2 && !once || len(stored) != 1 && once {
				t.Fatalf("%d dead letters in %s", len(stored), name)
			}
			m := stored[0]
			if m.Body != string(letter.Body) || m.Attributes["ErrorMessage"] != want || m.Attributes["RequestID"] != "request-1" {
				t.Errorf("%q: %+v", reason, m)
			}
			if queue.Counts().Total() != 0 {
				t.Error("the letter is in the queue of the tasks")
			}
		}
	}
}

func TestDeadLetterFails(t *testing.T) {
	t.Parallel()
	letter := driver.DeadLetter{Message: message(t, "id-1"), Reason: "why"}
	server, queue := newQueue(t, "tasks", nil)
	if err := open(t, queue.URL(), nil).DeadLetter(t.Context(), letter); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without a queue for them: %v", err)
	}
	s := open(t, queue.URL(), &sqs.Options{DeadLetterQueueURL: strings.TrimSuffix(queue.URL(), "tasks") + "nowhere"})
	if err := s.DeadLetter(t.Context(), letter); err == nil || !strings.Contains(err.Error(), "/nowhere") {
		t.Errorf("no such queue: %v", err)
	}
	fault := server.Inject(sqstest.Fault{Action: "SendMessageBatch", Entries: &sqstest.EntryFault{}})
	if err := open(t, queue.URL(), &sqs.Options{DeadLetterQueueURL: queue.URL()}).DeadLetter(t.Context(), letter); err == nil || fault.Hits() != 1 {
		t.Errorf("the entry failed: %v", err)
	}
	for _, url := range []string{"tasks", "https://sqs.us-east-1.amazonaws.com/123456789012/dead", "https://nobody.example/123456789012/dead"} {
		env := lambdaenv.New(map[string]string{sqs.EnvQueueURL: standardURL, sqs.EnvDeadLetterQueueURL: url})
		if err := sqs.New(nil).Open(context.Background(), env); !errors.Is(err, sqs.ErrQueueURL) || !strings.Contains(err.Error(), "dead-letter") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// Attributes count towards the size of a message: what there is no room for stays out, and the task is buried all the same.
func TestDeadLetterOfALargeTask(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 40, 80, 500, 2000} {
		server, queue := newQueue(t, "tasks", nil)
		if _, err := server.CreateQueue("dead", nil); err != nil {
			t.Fatal(err)
		}
		s := open(t, queue.URL(), &sqs.Options{DeadLetterQueueURL: server.Queue("dead").URL()})
		letter := driver.DeadLetter{Message: message(t, "id-1"), Reason: strings.Repeat("why ", 300), RequestID: "8f507cfc-xmpl-4697-b07a-ac58fc914c95"}
		letter.Body = []byte(strings.Repeat("x", sqs.MaxMessageBytes-room))
		if err := s.DeadLetter(t.Context(), letter); err != nil {
			t.Errorf("room for %d bytes: %v", room, err)
			continue
		}
		stored := server.Queue("dead").Snapshot().Messages
		if len(stored) != 1 || len(stored[0].Body) != len(letter.Body) {
			t.Fatalf("%d messages", len(stored))
		}
		size := len(stored[0].Body)
		for name, value := range stored[0].Attributes {
			size += len(name) + len("String") + len(value)
		}
		if size > sqs.MaxMessageBytes || room >= 80 && stored[0].Attributes["RequestID"] != letter.RequestID || room >= 500 && stored[0].Attributes["ErrorMessage"] == "" {
			t.Errorf("room for %d bytes: %d bytes, %d attributes", room, size, len(stored[0].Attributes))
		}
	}
}
