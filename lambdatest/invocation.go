package lambdatest

import (
	"io"
	"sync/atomic"
	"time"
)

// request is one event for a function, however it came in. It is the seam between the ways in (Invoke API, function
// URL, in-process calls) and the environments: whatever queues or polls in front of a function makes one of these and
// hands it to an invoker.
type request struct {
	id            string // request id; kept over retries of the same event
	payload       []byte
	isJSON        bool // known of the payload: to find out takes 4 ms of processor time for a megabyte
	traceID       string
	clientContext string
	invokedARN    string // as the caller named the function; empty: without a qualifier
	// streaming hands the response on as the runtime writes it, up to MaxStreamedResponse; otherwise it is collected,
	// up to MaxResponse.
	streaming bool
}

// progress of an invocation, as its runtime sees it.
type progress int

const (
	delivered progress = iota // the runtime has the event, or will have it
	uploading                 // it is posting its response
	responded                 // it has posted a response or an error
)

// invocation is one attempt to run the function with a request. The fields below the line are guarded by the mutex of
// the sandbox that runs it.
type invocation struct {
	request
	attempt string // the Lambda-Runtime-Invocation-Id header, unique per attempt

	// answered is closed when reply is set; the caller waits for it.
	answered  chan struct{}
	replied   atomic.Bool
	reply     reply
	ended     chan struct{} // closed when the attempt is over and report is set
	report    Report
	succeeded bool // of the attempt as a whole

	environment *environment

	// ---
	progress      progress
	start         time.Time
	deadline      time.Time
	timer         *time.Timer
	coldStart     bool
	initDuration  time.Duration
	responseStart time.Time
	responseEnd   time.Time
	runtimeDone   time.Time
	end           time.Time
	stream        *io.PipeWriter
	errorType     string // of an error that the runtime reported, or of a response that was refused
	fault         *fault // what the platform found
}

// reply is what the caller gets.
type reply struct {
	contentType string
	body        []byte
	stream      *io.PipeReader // instead of body; ends in a *FunctionError if the function failed midway
	failure     *FunctionError
	err         error // the service, not the function, failed
}

func newInvocation(req request) *invocation {
	if req.id == "" {
		req.id = newUUID()
	}
	if req.traceID == "" {
		req.traceID = newTraceID()
	}
	if len(req.payload) == 0 {
		req.payload = []byte("{}") // what AWS hands to a function that was invoked without a payload
	}
	return &invocation{request: req, attempt: newUUID(), answered: make(chan struct{}), ended: make(chan struct{})}
}

// answer releases the caller. Only the first answer counts: false, this one was not it.
func (inv *invocation) answer(r reply) bool {
	if !inv.replied.CompareAndSwap(false, true) {
		return false
	}
	inv.reply = r
	close(inv.answered)
	return true
}

// abandon is for a caller that goes before it has its answer. Nobody will read a streamed response then; unread, it would
// hold up the function until its timeout.
func (inv *invocation) abandon(err error) {
	if !inv.streaming || inv.answer(reply{err: err}) {
		return
	}
	<-inv.answered // in this very moment
	if inv.reply.stream != nil {
		_ = inv.reply.stream.Close()
	}
}

func (inv *invocation) fail(f *fault) {
	inv.answer(reply{contentType: "application/json", failure: inv.failure(f)})
}

func (inv *invocation) failure(f *fault) *FunctionError {
	return &FunctionError{RequestID: inv.id, Type: f.errorType, Payload: f.body(inv.id)}
}

// begin starts the clock of the attempt, at the event or at the init that runs inside it.
func (inv *invocation) begin(now time.Time, timeout time.Duration) {
	if inv.start.IsZero() {
		inv.start = now
		inv.deadline = now.Add(timeout)
	}
}

// close computes the report once end, fault and the other times are set.
func (inv *invocation) close(fn *Function, memoryKB int) {
	if inv.fault != nil && inv.fault.timeout {
		inv.end = inv.start.Add(fn.Timeout) // the clock that fired may be a little late
	}
	r := Report{
		RequestID: inv.id, EnvironmentID: inv.environment.id, Start: inv.start,
		Duration: inv.end.Sub(inv.start), InitDuration: inv.initDuration, ColdStart: inv.coldStart,
		MemorySize: fn.MemorySize, MaxMemoryUsed: (memoryKB + 1023) / 1024, Status: "success",
	}
	if !inv.responseStart.IsZero() {
		r.ResponseLatency = inv.responseStart.Sub(inv.start)
	}
	if !inv.responseEnd.IsZero() {
		r.ResponseDuration = inv.responseEnd.Sub(inv.responseStart)
	}
	if !inv.runtimeDone.IsZero() {
		r.PostRuntimeDuration = max(0, inv.end.Sub(inv.runtimeDone))
	}
	switch {
	case inv.fault != nil:
		r.Status, r.ErrorType, r.printStatus = inv.fault.status(), inv.fault.errorType, true
	case inv.errorType != "":
		r.Status, r.ErrorType = "error", inv.errorType
	}
	r.BilledDuration = billed(r.Duration + r.InitDuration)
	inv.report = r
	inv.succeeded = r.Status == "success"
}
