package driver

import (
	"encoding/json"
	"errors"
	"math"
	"time"
)

// EnvelopeVersion is the version of the envelope that this package writes, and
// the newest that it reads. It changes when an older reader would misunderstand a
// newer envelope, for example because an attribute was added.
const EnvelopeVersion = 1

// The bounds of an envelope. Both [Envelope.AppendJSON] and [Decode] hold them, so
// a task that cannot be read at the far end is refused at the near one.
const (
	// MaxEnvelopeBytes is the largest envelope: 1 MiB, which is what one SQS
	// message and one asynchronous Invoke take at most (Amazon SQS Developer
	// Guide, "Quotas related to messages"; AWS Lambda Developer Guide, "Lambda
	// quotas"). A queue may be configured for less.
	MaxEnvelopeBytes = 1 << 20

	// MaxIDBytes bounds a task's ID. It leaves room for the number of the hop in a
	// deduplication key.
	MaxIDBytes = 100

	// MaxGroupBytes and MaxDeduplicationBytes are what SQS takes as a MessageGroupId
	// and a MessageDeduplicationId.
	MaxGroupBytes         = 128
	MaxDeduplicationBytes = 128

	// MaxTimeout is the longest timeout of a task: the most milliseconds that a CloudEvents
	// Integer holds, about 24 days, and more than any invocation has.
	MaxTimeout = math.MaxInt32 * time.Millisecond

	// MaxTaskBytes bounds the name of a task.
	MaxTaskBytes = 256

	// MaxSourceBytes bounds the source. The ARN of a function with its longest
	// name and alias is a bit above 300 bytes.
	MaxSourceBytes = 512

	// MaxTraceParentBytes bounds the trace context. Version 00 of W3C Trace
	// Context has 55 bytes; later versions may be longer.
	MaxTraceParentBytes = 128
)

var (
	// ErrMalformed is the class of all violations of the envelope's format: by
	// the fields given to [Envelope.AppendJSON], or by the bytes given to [Decode].
	ErrMalformed = errors.New("offload: malformed envelope")

	// ErrVersion means that the envelope was written by a newer version of this
	// module. It is not malformed: it must be kept for a program that can read
	// it, in a dead-letter queue, and must not be dropped.
	ErrVersion = errors.New("offload: envelope of a newer version")

	// ErrTooLarge means that the envelope is larger than [MaxEnvelopeBytes].
	ErrTooLarge = errors.New("offload: envelope too large")
)

// Envelope is a task on the wire: a CloudEvents 1.0 event in JSON structured
// mode (media type application/cloudevents+json). One envelope is the payload of
// one asynchronous Invoke, or the body of one SQS message.
//
//	field          attribute              CloudEvents type, rule
//	               specversion            String, "1.0"
//	               offloadversion         Integer, EnvelopeVersion
//	ID             id                     String, 1 to 100 printable ASCII characters, no space
//	Source         source                 URI, absolute, at most 512 bytes
//	Task           type                   String, 1 to 256 bytes
//	Time           time                   Timestamp
//	               datacontenttype        String, "application/json"
//	Attempt        offloadattempt         Integer, 0 and up
//	Hops           offloadhops            Integer, 1 and up
//	TraceParent    traceparent            String, the distributed tracing extension; optional
//	NotBefore      offloadnotbefore       Timestamp; optional
//	Timeout        offloadtimeout         Integer, milliseconds, 1 and up; optional
//	Group          offloadgroup           String, 1 to 128 printable ASCII characters, no space; optional
//	Deduplication  offloaddeduplication   String, as Group; optional
//	Signature      offloadsignature       String, 64 lower-case hexadecimal digits; optional
//	Data           data                   any JSON value
//
// An optional attribute is absent if its field has the zero value; it is never
// null or empty. The methods do not change the envelope ([Keys.Sign] does), so
// they may be called concurrently.
type Envelope struct {
	// ID is the task's stable ID. It stays the same over retries and hops.
	ID string

	// Source is the ARN of the function that deferred the task, or urn:offload:NAME.
	Source string

	// Task is the name under which the task was defined.
	Task string

	// Time is when After accepted the task. Nanoseconds survive; the location and
	// the monotonic reading do not: a decoded time is in UTC.
	Time time.Time

	// Data is the task's input. AppendJSON takes it for valid JSON, as json.Marshal
	// returns it, and does not parse it again. After Decode it is valid and has
	// no insignificant white space.
	Data json.RawMessage

	// Attempt is how many attempts to run the task were made before this hop.
	Attempt int

	// Hops is how many times the task has left a process, this time included. It
	// is what ends a function that keeps deferring to itself before Lambda's own
	// guard drops the event.
	Hops int

	// TraceParent is the W3C trace context of the invocation that deferred the
	// task; the zero value means that there was none.
	TraceParent string

	// NotBefore is the time before which the task must not run: a delay that is
	// longer than the destination offers is made of several hops. The zero
	// value means at once.
	NotBefore time.Time

	// Timeout is what the user chose as the limit of one attempt for this one task, in
	// whole milliseconds; the zero value means that the definition of the task decides.
	// [MaxTimeout] stands for no limit.
	Timeout time.Duration

	// Group and Deduplication are what the user chose for destinations that have
	// ordering or deduplication. They travel in the envelope so that a later hop
	// can use them again.
	Group         string
	Deduplication string

	// Signature authenticates all other fields. See [Keys].
	Signature string
}

// The names of the attributes. Those of our own begin with "offload", follow the
// rules of CloudEvents (lower-case letters and digits, at most 20) and are known
// to no registered CloudEvents extension.
const (
	attrSpecVersion     = "specversion"
	attrVersion         = "offloadversion"
	attrID              = "id"
	attrSource          = "source"
	attrType            = "type"
	attrTime            = "time"
	attrDataContentType = "datacontenttype"
	attrAttempt         = "offloadattempt"
	attrHops            = "offloadhops"
	attrTraceParent     = "traceparent"
	attrNotBefore       = "offloadnotbefore"
	attrTimeout         = "offloadtimeout"
	attrGroup           = "offloadgroup"
	attrDeduplication   = "offloaddeduplication"
	attrSignature       = "offloadsignature"
	attrData            = "data"
)

const (
	specVersion     = "1.0"
	dataContentType = "application/json"
)
