package offload

import "time"

// EventKind says what happened to a task.
type EventKind int

// Every accepted task has exactly one of the terminal events Done, Failed,
// HandedOver and Dropped in this process. Only a SIGKILL prevents it.
const (
	// Accepted: After returned nil.
	Accepted EventKind = iota + 1

	// Started: an attempt begins.
	Started

	// Retrying: an attempt failed and another one will follow.
	Retrying

	// Done: the task returned nil.
	Done

	// Failed: the last attempt failed, and no further strategy takes the task. In a
	// worker: this delivery failed; the queue or Lambda keeps the task, and delivers it
	// again or moves it to where dead letters go.
	Failed

	// HandedOver: a sender has the task. Its end is seen by the worker's observers.
	HandedOver

	// Dropped: the task did not come to an end of its own, and nobody else has it.
	// Event.Err has the reason.
	Dropped

	eventKinds
)

var eventKindNames = [...]string{"", "accepted", "started", "retrying", "done", "failed", "handed over", "dropped"}

// String gives the kind in lower case, such as "handed over".
func (k EventKind) String() string {
	if k <= 0 || int(k) >= len(eventKindNames) {
		return "unknown"
	}
	return eventKindNames[k]
}

// Terminal reports whether no further event of the task follows in this process.
func (k EventKind) Terminal() bool { return k >= Done && k < eventKinds }

// Event is a step in the life of a task.
type Event struct {
	Kind EventKind
	Task TaskInfo
	Time time.Time

	// Strategy is the strategy the task is at; for HandedOver the one that took it.
	Strategy string

	// Wait is the time from After to the first attempt, Run the time from there to
	// the end. Set in terminal events; Run is 0 if there was no attempt. If no observer
	// wants Started or Done, the first attempt is not timed: Run is 0 and Wait is all of the
	// time since [TaskInfo].Accepted.
	Wait, Run time.Duration

	// Left is the time from the end to the invocation's deadline, the timeout of the function: how
	// near the task came to being cut off. Set in terminal events; 0 if there is no deadline.
	Left time.Duration

	// Backoff is the time until the next attempt. Set in Retrying.
	Backoff time.Duration

	// Err is the error of an attempt, or the reason for a terminal event other than Done.
	Err error
}
