package sqs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload/driver"
)

// send sends and expects every message to be taken.
func send(tb testing.TB, s driver.Sender, batch ...driver.Message) {
	tb.Helper()
	if errs := s.Send(context.Background(), batch); errs != nil {
		tb.Fatal(errs)
	}
}

func TestStandardQueue(t *testing.T) {
	t.Parallel()
	_, queue := newQueue(t, "tasks", nil)
	s := open(t, queue.URL(), nil)
	plain, fair, late, traced := message(t, "plain"), message(t, "fair"), message(t, "late"), message(t, "traced")
	fair.Group = "customer-7"
	fair.Deduplication = "ignored" // standard queues refuse one
	late.Delay = 10*time.Minute + time.Millisecond
	traced.TraceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	send(t, s, plain, fair, late, traced)

	snapshot := queue.Snapshot()
	if snapshot.Total() != 4 || snapshot.Requests["SendMessageBatch"].Calls != 1 {
		t.Fatalf("%d messages in %d requests", snapshot.Total(), snapshot.Requests["SendMessageBatch"].Calls)
	}
	got := map[string]sqstest.Message{}
	for _, m := range snapshot.Messages {
		e, err := driver.Decode([]byte(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		got[e.ID] = m
		if len(m.Attributes) != 0 {
			t.Errorf("%s has message attributes, which count towards its size: %v", e.ID, m.Attributes)
		}
	}
	if m := got["plain"]; m.GroupID != "" || m.TraceHeader != "" || m.State != sqstest.Visible {
		t.Errorf("plain: %+v", m)
	}
	if m := got["fair"]; m.GroupID != "customer-7" {
		t.Errorf("fair: group %q", m.GroupID)
	}
	if m := got["late"]; m.State != sqstest.Delayed || m.VisibleAt.Sub(m.Sent) != 601*time.Second {
		t.Errorf("late: delayed by %v, want it rounded up to seconds", m.VisibleAt.Sub(m.Sent))
	}
	if m := got["traced"]; m.TraceHeader != traced.TraceHeader {
		t.Errorf("traced: trace header %q", m.TraceHeader)
	}
}

func TestLongestDelay(t *testing.T) {
	t.Parallel()
	_, queue := newQueue(t, "tasks", nil)
	s := open(t, queue.URL(), nil)
	m := message(t, "1")
	m.Delay = s.Limits().MaxDelay
	send(t, s, m)
	if got := queue.Snapshot().Messages[0]; got.VisibleAt.Sub(got.Sent) != 15*time.Minute {
		t.Errorf("delayed by %v", got.VisibleAt.Sub(got.Sent))
	}
}

func TestFIFOQueue(t *testing.T) {
	t.Parallel()
	_, queue := newQueue(t, "tasks.fifo", map[string]string{"FifoQueue": "true"})
	s := open(t, queue.URL(), nil)
	var batch []driver.Message
	for i := range 4 {
		batch = append(batch, message(t, "id-"+strconv.Itoa(i)))
	}
	batch[2].Group = "customer-7"
	batch[3].Deduplication = "order-9"
	send(t, s, batch...)

	type parameters struct{ id, group, deduplication string }
	var got []parameters
	for _, m := range queue.Snapshot().Messages {
		e, err := driver.Decode([]byte(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, parameters{e.ID, m.GroupID, m.DeduplicationID})
	}
	want := []parameters{
		{"id-0", "id-0", "id-0"},
		{"id-1", "id-1", "id-1"},
		{"id-2", "customer-7", "id-2"},
		{"id-3", "id-3", "order-9"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v in this order", got, want)
	}
}

// A send that is repeated is stored once.
func TestFIFODeduplication(t *testing.T) {
	t.Parallel()
	_, queue := newQueue(t, "tasks.fifo", map[string]string{"FifoQueue": "true"})
	s := open(t, queue.URL(), nil)
	var stored []int
	for _, key := range []string{"order-9", "order-9", "id.2", "id.2", strings.Repeat("~", driver.MaxDeduplicationBytes)} {
		send(t, s, driver.Message{ID: "id", Task: "task", Body: envelope(t, "id", 1, "{}"), Deduplication: key})
		stored = append(stored, queue.Snapshot().Total())
	}
	if want := []int{1, 1, 2, 2, 3}; !slices.Equal(stored, want) {
		t.Errorf("messages after each send %v, want %v", stored, want)
	}
}

// The limits that package offload packs by are those that SQS holds.
func TestLargestBatches(t *testing.T) {
	t.Parallel()
	_, queue := newQueue(t, "tasks", map[string]string{"MaximumMessageSize": "1048576"})
	s := open(t, queue.URL(), nil)
	limits := s.Limits()
	send(t, s, driver.Message{ID: "1", Body: sized(t, limits.MessageBytes-limits.Overhead)})

	var full []driver.Message
	for i := range limits.BatchEntries {
		size := limits.BatchBytes / limits.BatchEntries
		if i == 0 {
			size += limits.BatchBytes % limits.BatchEntries
		}
		full = append(full, driver.Message{
			ID: strconv.Itoa(i), Body: sized(t, size-limits.Overhead),
			TraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793",
		})
	}
	send(t, s, full...)
	if got, want := queue.Snapshot().Total(), 1+limits.BatchEntries; got != want {
		t.Errorf("%d messages, want %d", got, want)
	}
}

// sized makes an envelope of exactly n bytes.
func sized(tb testing.TB, n int) []byte {
	tb.Helper()
	empty := envelope(tb, "id", 1, `""`)
	return envelope(tb, "id", 1, `"`+strings.Repeat("x", n-len(empty))+`"`)
}

// SQS refuses a body with characters that XML does not have. Whatever the input of a
// task is, its envelope has none.
func TestEveryCharacter(t *testing.T) {
	t.Parallel()
	_, queue := newQueue(t, "tasks", nil)
	s := open(t, queue.URL(), nil)
	var all []rune
	for r := range rune(0x3000) {
		all = append(all, r)
	}
	all = append(all, 0xd7ff, 0xe000, 0xfdd0, 0xfffd, 0xfffe, 0xffff, 0x10000, 0x1fffe, 0x10ffff)
	data, err := json.Marshal(string(all))
	if err != nil {
		t.Fatal(err)
	}
	body := envelope(t, "1", 1, string(data))
	send(t, s, driver.Message{ID: "1", Body: body})
	if got := queue.Snapshot().Messages[0].Body; !bytes.Equal([]byte(got), body) {
		t.Error("the body changed on the way")
	}
}
