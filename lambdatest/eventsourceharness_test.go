package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// bench is a mapping in a synctest bubble: a queue, and a function that is a Go function. Time is virtual, and a
// goroutine left behind fails the test.
type bench struct {
	*testing.T
	srv   *sqstest.Server
	queue *sqstest.Queue
	dead  *sqstest.Queue
	esm   *EventSourceMapping
	api   *queueAPI

	mu      sync.Mutex
	journal []Event
	batches [][]events.SQSMessage // in the order in which they began
	running int
	peak    int
	starts  []time.Time
}

// bundle is what a test chooses.
type bundle struct {
	fifo       bool
	attributes map[string]string
	mapping    QueueMapping
	timeout    time.Duration // of the function; 3 s if zero
	maxEvent   int           // bytes; the real 6 MB if zero
	// before runs when the queue is there and the mapping is not.
	before func(*bench)
	// run is the function; one that succeeds if nil.
	run func(b *bench, batch []events.SQSMessage) ([]byte, error)
}

func (f bundle) bubble(t *testing.T, test func(*bench)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, srv: sqstest.Start(t, &sqstest.Options{InMemory: true})}
		name, dead := "orders", "dead"
		attributes := map[string]string{}
		if f.fifo {
			name, dead = "orders.fifo", "dead.fifo"
			attributes["FifoQueue"], attributes["ContentBasedDeduplication"] = "true", "true"
		}
		b.queue, b.dead = b.srv.Queue(name), b.srv.Queue(dead)
		if _, err := b.srv.CreateQueue(dead, attributes); err != nil {
			t.Fatal(err)
		}
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":3}`, b.dead.ARN())
		for name, value := range f.attributes {
			attributes[name] = value
		}
		url, err := b.srv.CreateQueue(name, attributes)
		if err != nil {
			t.Fatal(err)
		}
		b.api = newQueueAPI(b.srv.URL(), url, b.srv.Client())
		if f.before != nil {
			f.before(b)
		}
		m := f.mapping
		m.QueueURL, m.Client = url, b.srv.Client()
		if f.timeout == 0 {
			f.timeout = defaultTimeout
		}
		b.esm, err = newEventSourceMapping(t.Context(), m, f.timeout, b.runner(f), b.record)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.esm.Close)
		if f.maxEvent > 0 {
			b.esm.limits.bytes = f.maxEvent
		}
		if err := b.esm.Enable(); err != nil {
			t.Fatal(err)
		}
		test(b)
	})
}

func (b *bench) runner(f bundle) batchRunner {
	return func(_ context.Context, _ string, event []byte) ([]byte, error) {
		var one struct{ Records []any } // a single message always fits
		if len(event) > b.esm.limits.bytes && json.Unmarshal(event, &one) == nil && len(one.Records) > 1 {
			b.Errorf("an event of %d bytes", len(event))
		}
		var e events.SQSEvent
		if err := json.Unmarshal(event, &e); err != nil {
			b.Errorf("%v in %.200s", err, event)
		}
		b.mu.Lock()
		b.batches = append(b.batches, e.Records)
		b.starts = append(b.starts, time.Now())
		b.running++
		b.peak = max(b.peak, b.running)
		b.mu.Unlock()
		defer func() {
			b.mu.Lock()
			b.running--
			b.mu.Unlock()
		}()
		if f.run == nil {
			return nil, nil
		}
		return f.run(b, e.Records)
	}
}

func (b *bench) record(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.Time = time.Now()
	b.journal = append(b.journal, e)
}

// recorded returns the events of a kind.
func (b *bench) recorded(kind EventKind) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.journal), func(e Event) bool { return e.Kind != kind })
}

// seen returns the bodies of the batches that the function got.
func (b *bench) seen() [][]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([][]string, len(b.batches))
	for i, batch := range b.batches {
		out[i] = bodies(batch)
	}
	return out
}

func bodies(batch []events.SQSMessage) []string {
	out := make([]string, len(batch))
	for i, m := range batch {
		out[i] = m.Body
	}
	return out
}

// runningNow returns how many batches the function has.
func (b *bench) runningNow() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running
}

// entry is a message to send.
type entry struct {
	ID                      string `json:"Id"`
	MessageBody             string
	MessageGroupID          string         `json:"MessageGroupId,omitempty"`
	MessageAttributes       map[string]any `json:",omitempty"`
	MessageSystemAttributes map[string]any `json:",omitempty"`
	DelaySeconds            int            `json:",omitempty"`
}

// send puts messages into the queue, all with one request if they are not more than ten.
func (b *bench) send(entries ...entry) {
	b.Helper()
	for part := range slices.Chunk(entries, 10) {
		for i := range part {
			part[i].ID = fmt.Sprint(i)
		}
		var out struct{ Failed []any }
		err := b.api.call(b.Context(), "SendMessageBatch", 0, map[string]any{"QueueUrl": b.api.queueURL, "Entries": part}, &out)
		if err != nil || len(out.Failed) > 0 {
			b.Fatal(err, out.Failed)
		}
	}
}

// text makes messages of bodies.
func text(bodies ...string) []entry {
	out := make([]entry, len(bodies))
	for i, body := range bodies {
		out[i].MessageBody = body
	}
	return out
}

// numbered makes messages with the bodies 0, 1, 2, …
func numbered(n int) []entry {
	out := make([]entry, n)
	for i := range out {
		out[i].MessageBody = fmt.Sprint(i)
	}
	return out
}

// grouped makes messages of a group.
func grouped(group string, bodies ...string) []entry {
	out := text(bodies...)
	for i := range out {
		out[i].MessageGroupID = group
	}
	return out
}

func (b *bench) drained() {
	b.Helper()
	if err := b.esm.WaitDrained(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// sleep lets virtual time pass, and then everything that it set off.
func (b *bench) sleep(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// report is a partial batch response.
func report(failed ...string) []byte {
	items := []events.SQSBatchItemFailure{}
	for _, id := range failed {
		items = append(items, events.SQSBatchItemFailure{ItemIdentifier: id})
	}
	b, err := json.Marshal(events.SQSEventResponse{BatchItemFailures: items})
	if err != nil {
		panic(err)
	}
	return b
}

var errFunction = errors.New("the function failed")
