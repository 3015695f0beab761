package lambdatest

import "time"

// sqsRecord is one message in the event that the function gets ("Example standard queue message event" in the Developer
// Guide).
type sqsRecord struct {
	MessageID              string                  `json:"messageId"`
	ReceiptHandle          string                  `json:"receiptHandle"`
	Body                   string                  `json:"body"`
	Attributes             map[string]string       `json:"attributes"`
	MessageAttributes      map[string]sqsAttribute `json:"messageAttributes"`
	MD5OfMessageAttributes string                  `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody              string                  `json:"md5OfBody"`
	EventSource            string                  `json:"eventSource"`
	EventSourceARN         string                  `json:"eventSourceARN"`
	AWSRegion              string                  `json:"awsRegion"`
}

type sqsAttribute struct {
	StringValue *string `json:"stringValue,omitempty"`
	BinaryValue []byte  `json:"binaryValue,omitempty"`
	// The lists are empty always: SQS does not implement them.
	StringListValues []string `json:"stringListValues"`
	BinaryListValues []string `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// batchMessage is a message that was read from the queue, and its part of the event.
type batchMessage struct {
	id      string
	receipt string
	group   string
	record  []byte
}

func newBatchMessage(q queueInfo, m *queueMessage) (batchMessage, error) {
	r := sqsRecord{
		MessageID: m.MessageID, ReceiptHandle: m.ReceiptHandle, Body: m.Body, Attributes: m.Attributes,
		MessageAttributes: make(map[string]sqsAttribute, len(m.MessageAttributes)), MD5OfBody: m.MD5OfBody,
		MD5OfMessageAttributes: m.MD5OfMessageAttributes, EventSource: "aws:sqs", EventSourceARN: q.arn, AWSRegion: q.region,
	}
	for name, a := range m.MessageAttributes {
		r.MessageAttributes[name] = sqsAttribute{
			StringValue: a.StringValue, BinaryValue: a.BinaryValue,
			StringListValues: []string{}, BinaryListValues: []string{}, DataType: a.DataType,
		}
	}
	if r.Attributes == nil {
		r.Attributes = map[string]string{} // an object for the function, whatever the endpoint answered
	}
	record, err := marshalEvent(r)
	return batchMessage{id: m.MessageID, receipt: m.ReceiptHandle, group: m.Attributes["MessageGroupId"], record: record}, err
}

const (
	eventHead = `{"Records":[`
	eventTail = `]}`
)

// batch is what one invocation gets.
type batch struct {
	messages []batchMessage
	size     int // of the event, in bytes
	received time.Time
}

// batchLimits bound one invocation.
type batchLimits struct {
	messages int
	bytes    int // of the event
}

// fits tells whether there is room for another message. A single one always fits: SQS takes 1 MiB, of which JSON makes
// less than MaxPayload.
func (b *batch) fits(m batchMessage, limits batchLimits) bool {
	if len(b.messages) == 0 {
		return true
	}
	return len(b.messages) < limits.messages && b.size+1+len(m.record) <= limits.bytes
}

func (b *batch) add(m batchMessage) {
	if len(b.messages) == 0 {
		b.size = len(eventHead) + len(eventTail)
	} else {
		b.size++
	}
	b.size += len(m.record)
	b.messages = append(b.messages, m)
}

func (b *batch) event() []byte {
	event := make([]byte, 0, b.size)
	event = append(event, eventHead...)
	for i, m := range b.messages {
		if i > 0 {
			event = append(event, ',')
		}
		event = append(event, m.record...)
	}
	return append(event, eventTail...)
}

func (b *batch) ids() []string {
	ids := make([]string, len(b.messages))
	for i, m := range b.messages {
		ids[i] = m.id
	}
	return ids
}

// without returns the batch without the messages of some groups, which must not overtake one that failed.
func (b *batch) without(groups map[string]bool) (kept *batch, left []string) {
	kept = &batch{received: b.received}
	for _, m := range b.messages {
		if groups[m.group] {
			left = append(left, m.id)
			continue
		}
		kept.add(m)
	}
	return kept, left
}

// collection is what a poller has read and not handed over yet: full batches, and one that is not.
type collection struct {
	limits  batchLimits
	batches []*batch
	count   int
	first   time.Time // when the oldest of it was received
}

func (c *collection) add(m batchMessage, now time.Time) {
	if c.count == 0 {
		c.first = now
	}
	c.count++
	last := len(c.batches) - 1
	if last < 0 || !c.batches[last].fits(m, c.limits) {
		c.batches = append(c.batches, &batch{received: now})
		last++
	}
	c.batches[last].add(m)
}

// full tells that waiting for more makes the first batch no larger.
func (c *collection) full() bool { return c.count >= c.limits.messages || len(c.batches) > 1 }
