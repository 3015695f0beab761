package driver

import (
	"context"
	"time"
)

// VisibilityChanger is implemented by strategies whose destination is a queue that hides a
// message while it is worked on and shows it again when a timeout has passed. A worker uses it to
// have a failed task delivered again after a backoff instead of that timeout, and to keep
// the messages of a long batch hidden until it has answered. It is a
// convenience: where it is missing or fails, the queue's own timeout holds.
type VisibilityChanger interface {
	// ChangeVisibility changes when messages of a queue, given by its ARN, are delivered again.
	// The queue need not be the one that Send sends to.
	//
	// An error marked with backoff.Permanent means that no call of this process can succeed,
	// because a permission is missing for example: it is logged, and ChangeVisibility is not
	// called again. Any other error is about these messages only; nothing is tried again.
	//
	// ChangeVisibility is called concurrently and must end with its context, since the answer to
	// the queue waits for it.
	ChangeVisibility(ctx context.Context, queueARN string, changes []Visibility) error
}

// Visibility says when a message that was delivered to this process is delivered again.
type Visibility struct {
	// Receipt is what the queue gave out with this delivery: the receiptHandle of a record.
	Receipt string

	// Timeout is counted from now; 0 means at once. A queue that counts in larger units rounds it up.
	Timeout time.Duration
}
