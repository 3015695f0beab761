package lambdatest

import "time"

// EventKind says what happened.
type EventKind string

// What happens to an environment, roughly in the order in which it happens to one invocation.
const (
	EventInitStart      EventKind = "InitStart"      // the processes are being started
	EventInitEnd        EventKind = "InitEnd"        // runtime and extensions asked for their first event, or init failed (Message)
	EventThaw           EventKind = "Thaw"           // the processes continue
	EventInvokeStart    EventKind = "InvokeStart"    // the event was handed to the environment (START)
	EventResponseStart  EventKind = "ResponseStart"  // the runtime began to post its response
	EventResponseEnd    EventKind = "ResponseEnd"    // the response is complete: the caller has it
	EventErrorReported  EventKind = "ErrorReported"  // the runtime posted an error instead
	EventRuntimeDone    EventKind = "RuntimeDone"    // the runtime asked for its next event
	EventExtensionsDone EventKind = "ExtensionsDone" // and so has every extension that was told of the invocation
	EventTimeout        EventKind = "Timeout"        // the invocation, or the init, ran out of time
	EventCrash          EventKind = "Crash"          // a process ended that should not have (Message)
	EventReport         EventKind = "Report"         // the invocation is over; Report is set
	EventFreeze         EventKind = "Freeze"         // the processes are stopped
	EventShutdownStart  EventKind = "ShutdownStart"  // the environment is being ended; Message is the reason
	EventExit           EventKind = "Exit"           // a process ended (Message)
	EventLog            EventKind = "Log"            // a line of output; Message is the line

	// Of the queue of asynchronous invocations; RequestID is that of the event.

	EventAsyncAccepted       EventKind = "AsyncAccepted"       // an event entered the queue
	EventAsyncRetry          EventKind = "AsyncRetry"          // an attempt failed; Message says in how much of AWS's time the next follows, and why
	EventAsyncDelivered      EventKind = "AsyncDelivered"      // a destination or dead-letter queue (Message: its ARN) got its record
	EventAsyncDeliveryFailed EventKind = "AsyncDeliveryFailed" // or it did not (Message: why)
	EventAsyncEnd            EventKind = "AsyncEnd"            // the event is over, Message is the AsyncCondition

	EventClose EventKind = "Close" // the function was removed; nothing comes after it
)

// What an event source mapping does; Batch is set. Message is what went wrong, if something did.
const (
	EventPoll       EventKind = "Poll"       // a ReceiveMessage was answered
	EventBatchStart EventKind = "BatchStart" // a batch is handed to the function
	EventBatchEnd   EventKind = "BatchEnd"   // its outcome is known: Batch.Messages are done, Batch.Failed stay in the queue
	EventDelete     EventKind = "Delete"     // a DeleteMessageBatch was answered: Batch.Failed are still there
)

// Event is one moment in the life of an environment.
type Event struct {
	Time          time.Time
	Kind          EventKind
	Function      string
	EnvironmentID string     // empty in EventClose and in the events of a queue
	RequestID     string     // empty outside an invocation
	Message       string     // detail, see the kinds
	Report        *Report    // only with EventReport; shared, do not modify
	Batch         *BatchInfo // only with the events of an event source mapping; shared, do not modify
}

// BatchInfo is what an event of an event source mapping is about.
type BatchInfo struct {
	Mapping  string   // EventSourceMapping.UUID
	Queue    string   // ARN
	Messages []string // message IDs
	Failed   []string // message IDs that are not among Messages
}

// LogLine is one line of the function's log.
type LogLine struct {
	Time          time.Time
	EnvironmentID string
	RequestID     string // the invocation that was open when the line was read; with several at a time, empty
	// Platform is set for the lines that Lambda writes: INIT_REPORT, START, END, REPORT and failures.
	Platform bool
	Text     string // without the newline
}
