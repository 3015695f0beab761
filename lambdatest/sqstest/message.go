package sqstest

import (
	"fmt"
	"time"
)

// state says why a message can or cannot be received.
type state int

const (
	stateReady state = iota
	stateDelayed
	stateInFlight
	stateCount
)

// message is one stored message. The server's lock guards it, but body, md5,
// attributes and the identifiers never change once it is stored.
type message struct {
	id         string
	body       string
	bodyMD5    string
	attributes map[string]attributeValue
	trace      string // AWSTraceHeader
	group      string // MessageGroupId
	dedup      string // MessageDeduplicationId
	source     string // ARN of the queue that gave it up to this dead-letter queue

	key      uint64 // position of arrival in this queue; receipt handles name it
	sent     time.Time
	enqueued time.Time // retention counts from here

	firstReceived time.Time
	lastReceived  time.Time
	receives      int // across all queues, what ApproximateReceiveCount says
	receivesHere  int // in this queue, what the redrive policy counts
	receipt       uint32

	state     state
	visibleAt time.Time // while state is not stateReady

	pos [heapCount]int // one more than the position in each heap, 0 if not in it
}

// sequenceNumber is what a FIFO queue assigns: 20 digits like the ones SQS sends,
// growing with every message and not consecutive, so that comparing the text compares the order.
func (m *message) sequenceNumber() string {
	return fmt.Sprintf("188%017d", m.key*256)
}

// copyOf returns m as a message of another queue or as a second copy in this one.
func copyOf(m *message) *message {
	c := *m
	c.pos = [heapCount]int{}
	c.state = stateReady
	return &c
}
