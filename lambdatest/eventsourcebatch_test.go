package lambdatest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// The event has the members that AWS documents, no more and no fewer.
func TestSQSRecord(t *testing.T) {
	var raw []byte
	bundle{run: func(_ *bench, batch []events.SQSMessage) ([]byte, error) {
		var err error
		raw, err = json.Marshal(batch[0])
		return nil, err
	}}.bubble(t, func(b *bench) {
		sent := time.Now()
		b.send(entry{
			MessageBody: `<a href="x">&</a>` + "\u2028",
			MessageAttributes: map[string]any{
				"s": map[string]any{"DataType": "String", "StringValue": "v"},
				"n": map[string]any{"DataType": "Number.int", "StringValue": "7"},
				"b": map[string]any{"DataType": "Binary", "BinaryValue": []byte{0, 1}},
			},
			MessageSystemAttributes: map[string]any{"AWSTraceHeader": map[string]any{"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}},
		})
		b.drained()
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil {
			b.Fatal(err)
		}
		millis := strconv.FormatInt(sent.UnixMilli(), 10)
		attributes, _ := got["attributes"].(map[string]any)
		if attributes["ApproximateReceiveCount"] != "1" || attributes["SentTimestamp"] != millis || attributes["SenderId"] == "" ||
			attributes["ApproximateFirstReceiveTimestamp"] == nil || attributes["AWSTraceHeader"] != "Root=1-5759e988-bd862e3fe1be46a994272793" || len(attributes) != 5 {
			b.Errorf("attributes %v", attributes)
		}
		if got["body"] != `<a href="x">&</a>`+"\u2028" || got["eventSource"] != "aws:sqs" || got["awsRegion"] != "us-east-1" ||
			got["eventSourceARN"] != b.queue.ARN() || got["messageId"] == "" || got["receiptHandle"] == "" || len(got["md5OfBody"].(string)) != 32 {
			b.Errorf("record %s", raw)
		}
	})
}

// The raw document, of which TestSQSRecord has seen only what aws-lambda-go knows.
func TestSQSEventDocument(t *testing.T) {
	t.Parallel()
	value := "v"
	m, err := newBatchMessage(queueInfo{arn: "arn:aws:sqs:eu-west-1:123456789012:q", region: "eu-west-1"}, &queueMessage{
		MessageID: "id", ReceiptHandle: "handle", Body: `<"&>`, MD5OfBody: "md5", MD5OfMessageAttributes: "md5a",
		Attributes: map[string]string{"SenderId": "me"},
		MessageAttributes: map[string]queueAttribute{
			"s": {DataType: "String", StringValue: &value}, "b": {DataType: "Binary", BinaryValue: []byte("x")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := newBatchMessage(queueInfo{}, &queueMessage{MessageID: "2"})
	if err != nil {
		t.Fatal(err)
	}
	b := &batch{}
	b.add(m)
	b.add(plain)
	const want = `{"Records":[{"messageId":"id","receiptHandle":"handle","body":"<\"&>","attributes":{"SenderId":"me"},` +
		`"messageAttributes":{"b":{"binaryValue":"eA==","stringListValues":[],"binaryListValues":[],"dataType":"Binary"},` +
		`"s":{"stringValue":"v","stringListValues":[],"binaryListValues":[],"dataType":"String"}},"md5OfMessageAttributes":"md5a",` +
		`"md5OfBody":"md5","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:123456789012:q","awsRegion":"eu-west-1"},` +
		`{"messageId":"2","receiptHandle":"","body":"","attributes":{},"messageAttributes":{},"md5OfBody":"","eventSource":"aws:sqs","eventSourceARN":"","awsRegion":""}]}`
	if got := string(b.event()); got != want {
		t.Errorf("event\n%s, want\n%s", got, want)
	}
	if len(b.event()) != b.size {
		t.Errorf("size %d, but the event has %d bytes", b.size, len(b.event()))
	}
}

func TestBatchSize(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		mapping QueueMapping
		sent    int
		want    []int // messages of the batches, the largest first
		took    time.Duration
	}{
		{"the default is ten", QueueMapping{}, 25, []int{10, 10, 5}, 0},
		{"smaller", QueueMapping{BatchSize: 3}, 10, []int{3, 3, 3, 1}, 0},
		{"one", QueueMapping{BatchSize: 1}, 3, []int{1, 1, 1}, 0},
		{"a full batch does not wait", QueueMapping{BatchSize: 25, BatchWindow: 300 * time.Second}, 50, []int{25, 25}, 0},
		{"the rest waits for its window", QueueMapping{BatchSize: 100, BatchWindow: 5 * time.Second}, 130, []int{100, 30}, 5 * time.Second},
		{"a window for small batches", QueueMapping{BatchSize: 10, BatchWindow: time.Second}, 4, []int{4}, time.Second},
		{"large", QueueMapping{BatchSize: 1000, BatchWindow: time.Second}, 1001, []int{1000, 1}, time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bundle{
				mapping: tc.mapping,
				before:  func(b *bench) { b.send(numbered(tc.sent)...) },
			}.bubble(t, func(b *bench) {
				start := time.Now()
				b.drained()
				sizes := []int{}
				all := map[string]bool{}
				for _, batch := range b.seen() {
					sizes = append(sizes, len(batch))
					for _, body := range batch {
						all[body] = true
					}
				}
				slices.Sort(sizes)
				slices.Reverse(sizes)
				if !slices.Equal(sizes, tc.want) || len(all) != tc.sent {
					b.Errorf("batches of %v with %d messages, want %v with %d", sizes, len(all), tc.want, tc.sent)
				}
				if took := time.Since(start); took < tc.took || took > tc.took+2*time.Second {
					b.Errorf("took %v, want %v or a little more", took, tc.took)
				}
				if n := b.queue.Snapshot().Requests["DeleteMessageBatch"]; n.Entries != tc.sent {
					b.Errorf("deletes %+v", n)
				}
			})
		})
	}
}

// The window begins with the first message, and what comes within it joins the batch.
func TestBatchWindow(t *testing.T) {
	bundle{mapping: QueueMapping{BatchSize: 100, BatchWindow: 5 * time.Second}}.bubble(t, func(b *bench) {
		b.sleep(time.Minute + 300*time.Millisecond)
		first := time.Now()
		b.send(text("a")...)
		b.sleep(3500 * time.Millisecond)
		b.send(text("b")...)
		b.drained()
		b.send(text("c")...)
		b.drained()
		if got := b.seen(); len(got) != 2 || !slices.Equal(got[0], []string{"a", "b"}) || !slices.Equal(got[1], []string{"c"}) {
			b.Fatalf("batches %v", got)
		}
		if waited := b.starts[0].Sub(first); waited < 5*time.Second || waited > 6*time.Second {
			b.Errorf("the batch left after %v, want its window of 5 s and less than a second more", waited)
		}
		// Four while nothing came; then one for each message, and one for the end of each window.
		if n := b.queue.Snapshot().Requests["ReceiveMessage"].Calls; n > 10 {
			b.Errorf("%d polls", n)
		}
	})
}

// An invocation payload never exceeds 6 MB, whatever JSON makes of the bodies.
func TestBatchBytes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want []int
	}{
		"plain":        {strings.Repeat("x", 1<<20), []int{5, 5}},
		"escaped":      {strings.Repeat(`"`, 1<<20), []int{2, 2, 2, 2, 2}},
		"not for HTML": {strings.Repeat("<", 1<<20), []int{5, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &collection{limits: batchLimits{messages: 10, bytes: MaxPayload}}
			m, err := newBatchMessage(queueInfo{}, &queueMessage{Body: tc.body})
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				c.add(m, time.Now())
			}
			var sizes []int
			for _, b := range c.batches {
				sizes = append(sizes, len(b.messages))
				if n := len(b.event()); n > MaxPayload || n != b.size {
					t.Errorf("an event of %d bytes, counted as %d", n, b.size)
				}
			}
			if !slices.Equal(sizes, tc.want) {
				t.Errorf("batches of %v, want %v", sizes, tc.want)
			}
		})
	}
}

// What does not fit into an invocation goes into the next at once, and a window ends when nothing more fits.
func TestBatchIsSplit(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]QueueMapping{
		"one receive":   {},
		"with a window": {BatchSize: 100, BatchWindow: 300 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bundle{
				mapping: m, maxEvent: 57_000,
				before: func(b *bench) { b.send(text(slices.Repeat([]string{strings.Repeat("x", 10_000)}, 10)...)...) },
			}.bubble(t, func(b *bench) {
				start := time.Now()
				b.drained()
				var sizes []int
				for _, batch := range b.seen() {
					sizes = append(sizes, len(batch))
				}
				slices.Sort(sizes)
				if !slices.Equal(sizes, []int{5, 5}) || time.Since(start) > time.Second {
					b.Errorf("batches of %v after %v", sizes, time.Since(start))
				}
			})
		})
	}
}

// Where the window leaves too little of the queue's visibility timeout, messages are asked for with a longer one.
func TestBatchVisibility(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		window, timeout, want time.Duration
	}{
		"the queue's":         {10 * time.Second, 20 * time.Second, 30 * time.Second},
		"window and function": {11 * time.Second, 20 * time.Second, 61 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bundle{
				timeout: tc.timeout, mapping: QueueMapping{BatchWindow: tc.window},
				run: func(*bench, []events.SQSMessage) ([]byte, error) { return nil, errFunction },
			}.bubble(t, func(b *bench) {
				sent := time.Now()
				b.send(text("a")...)
				b.sleep(time.Second)
				if m := b.queue.Snapshot().Messages; len(m) != 1 || m[0].VisibleAt.Sub(sent).Round(time.Second) != tc.want {
					b.Errorf("%+v, want it in flight for %v", m, tc.want)
				}
			})
		})
	}
}

// A message that a standard queue delivers twice at once is one item of the batch, and deleted twice.
func TestBatchDuplicates(t *testing.T) {
	bundle{
		mapping: QueueMapping{ReportBatchItemFailures: true, BatchSize: 20, BatchWindow: time.Second},
		before:  func(b *bench) { b.srv.Inject(duplicateOnce) }, // a request under way already would not meet it
		run: func(b *bench, batch []events.SQSMessage) ([]byte, error) {
			if len(b.seen()) == 1 {
				return report(batch[0].MessageId), nil
			}
			return nil, nil
		},
	}.bubble(t, func(b *bench) {
		b.send(text("a")...)
		b.drained()
		if got := b.seen(); len(got) != 2 || len(got[0]) != 2 || len(got[1]) != 2 {
			b.Errorf("batches %v, want both copies to fail together and to succeed together", got)
		}
	})
}

func TestQueueMappingIsChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fifo    bool
		mapping QueueMapping
		timeout time.Duration
		want    string
	}{
		"no queue":             {mapping: QueueMapping{QueueURL: "-"}, want: "QueueURL"},
		"endpoint":             {mapping: QueueMapping{Endpoint: "127.0.0.1:9324"}, want: "want a URL such as"},
		"batch too large":      {mapping: QueueMapping{BatchSize: 10_001, BatchWindow: time.Second}, want: "want 1 to 10000"},
		"batch negative":       {mapping: QueueMapping{BatchSize: -1}, want: "want 1 to 10000"},
		"batch without window": {mapping: QueueMapping{BatchSize: 11}, want: "BatchWindow of at least 1 s"},
		"window too long":      {mapping: QueueMapping{BatchWindow: 301 * time.Second}, want: "0 to 5m0s"},
		"window negative":      {mapping: QueueMapping{BatchWindow: -time.Second}, want: "0 to 5m0s"},
		"window of fractions":  {mapping: QueueMapping{BatchWindow: 1500 * time.Millisecond}, want: "whole seconds"},
		"concurrency of 1":     {mapping: QueueMapping{MaximumConcurrency: 1}, want: "want 2 to 1000"},
		"concurrency of 1001":  {mapping: QueueMapping{MaximumConcurrency: 1001}, want: "want 2 to 1000"},
		"FIFO with a window":   {fifo: true, mapping: QueueMapping{BatchWindow: time.Second}, want: "FIFO queues take none"},
		"FIFO of 11":           {fifo: true, mapping: QueueMapping{BatchSize: 11, BatchWindow: time.Second}, want: "FIFO"},
		"visibility too short": {timeout: 31 * time.Second, want: "Queue visibility timeout: 30s is less than Function timeout: 31s"},
	} {
		t.Run(name, func(t *testing.T) {
			bundle{fifo: tc.fifo}.bubble(t, func(b *bench) {
				m := tc.mapping
				if m.QueueURL == "" {
					m.QueueURL = b.queue.URL()
				} else {
					m.QueueURL = ""
				}
				m.Client = b.srv.Client()
				esm, err := newEventSourceMapping(b.Context(), m, max(tc.timeout, time.Second), nil, nil)
				if esm != nil {
					b.Error("there is a mapping")
				}
				api := asAPIError(err)
				if api.StatusCode != http.StatusBadRequest || api.Code != "InvalidParameterValueException" || !strings.Contains(err.Error(), tc.want) {
					b.Errorf("%v, want a 400 with %q", err, tc.want)
				}
			})
		})
	}
}

func TestSQSAttributesOfFIFO(t *testing.T) {
	bundle{fifo: true}.bubble(t, func(b *bench) {
		b.send(grouped("g", "a")...)
		b.drained()
		want := []string{
			"ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "MessageDeduplicationId", "MessageGroupId", "SenderId",
			"SentTimestamp", "SequenceNumber",
		}
		if got := slices.Sorted(maps.Keys(b.batches[0][0].Attributes)); !slices.Equal(got, want) {
			b.Errorf("attributes %v, want %v", got, want)
		}
	})
}
