package sqs

import (
	"strconv"

	"github.com/go-offload/lambda/offload/driver"
)

// fifoGroup is the MessageGroupId on a FIFO queue, which demands one.
func fifoGroup(m *driver.Message) string {
	if m.Group != "" {
		return m.Group
	}
	return m.ID
}

// fifoDeduplication is the MessageDeduplicationId on a FIFO queue. SQS accepts a second
// message of the same ID within 5 minutes and does not deliver it: right for a send
// that is repeated, and the loss of a task that comes back to the queue on purpose,
// to wait longer or to be tried again. So from the second hop on, each hop has an ID of
// its own. The user's key has done its work by then: it decided about the first.
func fifoDeduplication(m *driver.Message) string {
	if m.Hops > 1 {
		return m.ID + "." + strconv.Itoa(m.Hops)
	}
	if m.Deduplication != "" {
		return m.Deduplication
	}
	return m.ID
}
