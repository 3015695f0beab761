package lambdatest

import (
	"time"
)

// AsyncCondition says how the event of an asynchronous invocation ended, in the words of AWS's invocation records.
type AsyncCondition string

const (
	// AsyncSuccess means that the function succeeded.
	AsyncSuccess AsyncCondition = "Success"
	// AsyncRetriesExhausted means that the function failed in every attempt.
	AsyncRetriesExhausted AsyncCondition = "RetriesExhausted"
	// AsyncEventAgeExceeded means that the event became older than MaximumEventAge, or would be by its next retry.
	AsyncEventAgeExceeded AsyncCondition = "EventAgeExceeded"
	// AsyncRecursiveLoop means that the function was invoked too often in one chain of requests. What AWS writes into the
	// record then is not documented.
	AsyncRecursiveLoop AsyncCondition = "RecursiveLoop"
)

// AsyncResult is the outcome of an asynchronous invocation.
type AsyncResult struct {
	RequestID string
	Condition AsyncCondition
	// Attempts in which the function ran; those that were throttled do not count.
	Attempts int
	// FunctionError is empty or "Unhandled", and Payload what the function answered or its error document, in the last
	// attempt that ran.
	FunctionError string
	Payload       []byte
	// DeliveryError tells why a destination or the dead-letter queue did not get its record; nil if each did.
	DeliveryError error
}

// asyncEvent is an event in a function's queue. Guarded by the mutex of the queue, except for the request and what the
// one goroutine that holds the event while it is running or delivering keeps to itself.
type asyncEvent struct {
	request
	accepted time.Time
	// skipped is by how much the event is older than the clock says: what Advance added, and what Speedup took from
	// waits.
	skipped time.Duration
	// dueAge is the age at which a waiting event is ready. It has been waiting since waitedFrom, will be for wait of
	// this machine's time, and timer, which only waiting events have, tells when.
	dueAge     time.Duration
	waitedFrom time.Time
	wait       time.Duration
	timer      *time.Timer

	attempts  int // in which the function ran
	throttles int // attempts in a row in which it did not
	last      *attempt

	done   chan struct{} // closed when result is set
	result AsyncResult
}

// attempt is how one attempt at an event ended.
type attempt struct {
	// err says why the function did not run; nil if it did.
	err error
	// failure of the function; nil if it succeeded.
	failure *FunctionError
	body    []byte // what the function answered
	traceID string // as the function saw it
	system  bool   // a failure of the service, which does not use up the retries of the function
}

// statusCode is the HTTP status that a synchronous caller would have got.
func (a *attempt) statusCode() int {
	if a.err != nil {
		return asAPIError(a.err).StatusCode
	}
	return 200
}

// age of the event by AWS's clock.
func (e *asyncEvent) age(now time.Time, speedup float64) time.Duration {
	return now.Sub(e.accepted) + e.skipped + e.gained(now, speedup)
}

// gained is how much older the event became by Speedup in the present wait. A timer that is late does not count: a
// millisecond of it can be minutes of AWS's time.
func (e *asyncEvent) gained(now time.Time, speedup float64) time.Duration {
	if e.timer == nil {
		return 0
	}
	return scaled(min(now.Sub(e.waitedFrom), e.wait), speedup-1)
}

// scaled multiplies without overflow: nothing here lasts longer than a day of AWS's time.
func scaled(d time.Duration, factor float64) time.Duration {
	return time.Duration(min(float64(d)*factor, float64(1000*time.Hour)))
}

// backoff is the wait after a throttle or a failure of the service.
func (e *asyncEvent) backoff() time.Duration {
	if e.throttles > 9 { // 2^9 s are more than 5 minutes
		return maxAsyncBackoff
	}
	return min(minAsyncBackoff<<(max(1, e.throttles)-1), maxAsyncBackoff)
}
