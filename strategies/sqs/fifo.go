package sqs

import "github.com/go-offload/lambda/offload/driver"

// fifoGroup is the MessageGroupId on a FIFO queue, which demands one.
func fifoGroup(m *driver.Message) string {
	if m.Group != "" {
		return m.Group
	}
	return m.ID
}
