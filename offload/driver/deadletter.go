package driver

import "context"

// DeadLetterer is implemented by strategies that can put a message aside for good, where a
// human looks. A worker uses it for tasks whose error is marked with backoff.Permanent: a
// queue by itself would deliver them again until its limit, and tells nobody why.
type DeadLetterer interface {
	// DeadLetter returns nil when the letter is durable. errors.ErrUnsupported means that no
	// place for dead letters is configured. After any error the queue keeps the message.
	//
	// DeadLetter is called concurrently and must end with its context, since the answer to the
	// queue waits for it.
	DeadLetter(ctx context.Context, letter DeadLetter) error
}

// DeadLetter is a message that was delivered, and why it is not to be delivered again.
type DeadLetter struct {
	// Message is as it arrived. Its Hops do not count this move, and its Deduplication is the
	// same whenever the message is put aside.
	Message

	// Reason is the error of the task, in any length and with any characters.
	Reason string

	// RequestID is the request ID of the invocation in which the task failed.
	RequestID string
}
