package sqstest

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"time"
)

// Failure is an error answer that a fault gives instead of doing what was asked.
type Failure int

const (
	// NoFailure lets the request through.
	NoFailure Failure = iota
	// RequestThrottled is the throttle of the SQS model: 403, code RequestThrottled.
	RequestThrottled
	// Throttling is the throttle of the AWS front end: 400, code ThrottlingException.
	Throttling
	// InternalFailure is a 500.
	InternalFailure
	// ServiceUnavailable is a 503.
	ServiceUnavailable
)

// Fault says which requests go wrong and how. Effects can be combined. All numbers
// must not be negative.
type Fault struct {
	// Action is the action it concerns, such as "SendMessageBatch"; every action if empty.
	Action string
	// Queue is the name of the queue it concerns; every queue if empty. Actions that name
	// no queue by URL (CreateQueue, ListQueues, the message move tasks) never match a name.
	Queue string
	// Times is how many requests it hits before it is used up; no limit if zero.
	Times int
	// Probability is the chance that a matching request is hit, decided by the
	// generator that Options.Seed starts; 0 means always.
	Probability float64

	// Latency delays the request before it takes effect.
	Latency time.Duration
	// Failure is answered instead of an effect.
	Failure Failure
	// DropResponse closes the connection without an answer after the request took
	// effect: a message is stored and the sender does not know.
	DropResponse bool
	// Duplicate leaves a copy of each message received in the queue, visible, which has
	// the same message ID and outlives the deletion of the first: the second delivery
	// that standard queues are allowed. FIFO queues, which do not do that, ignore it.
	Duplicate bool
	// Entries fails entries of the *Batch actions instead of the whole request.
	Entries *EntryFault
}

// EntryFault makes entries of a batch fail.
type EntryFault struct {
	// Probability is the chance of each entry to fail; 0 means all do.
	Probability float64
	// SenderFault is reported with the entry: true says that repeating it is useless.
	SenderFault bool
	// Code is the reported error code; if empty InternalError, or InvalidParameterValue
	// for a sender fault.
	Code string
}

// Injected is a fault at work.
type Injected struct {
	server *Server
	fault  Fault
	hits   int
}

// Inject adds a fault. Faults are asked in the order they were added, and the
// effects of all that hit a request add up: latencies sum, the first failure counts.
func (s *Server) Inject(f Fault) *Injected {
	if f.Entries != nil {
		entries := *f.Entries
		f.Entries = &entries
	}
	in := &Injected{server: s, fault: f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.injected = append(s.injected, in)
	return in
}

// Hits is how many requests the fault has hit.
func (in *Injected) Hits() int {
	in.server.mu.Lock()
	defer in.server.mu.Unlock()
	return in.hits
}

// Remove ends the fault. Requests already hit stay hit.
func (in *Injected) Remove() {
	in.server.mu.Lock()
	defer in.server.mu.Unlock()
	in.server.injected = slices.DeleteFunc(in.server.injected, func(other *Injected) bool { return other == in })
}

// effects is what the faults do to one request.
type effects struct {
	latency      time.Duration
	err          *apiError
	dropResponse bool
	duplicate    bool
	entries      *EntryFault
}

// plan decides which faults hit a request.
func (s *Server) plan(action string, body []byte) effects {
	s.mu.Lock()
	defer s.mu.Unlock()
	var e effects
	var name string
	var named bool
	for _, in := range s.injected {
		f := &in.fault
		if f.Action != "" && f.Action != action || f.Times > 0 && in.hits >= f.Times {
			continue
		}
		if f.Queue != "" {
			if !named {
				name, named = queueNameIn(body), true
			}
			if f.Queue != name {
				continue
			}
		}
		if !chance(s.rng, f.Probability) {
			continue
		}
		in.hits++
		e.latency += f.Latency
		if e.err == nil {
			e.err = f.Failure.answer()
		}
		e.dropResponse = e.dropResponse || f.DropResponse
		e.duplicate = e.duplicate || f.Duplicate
		if e.entries == nil {
			e.entries = f.Entries
		}
	}
	return e
}

func chance(rng *rand.Rand, p float64) bool { return p == 0 || rng.Float64() < p }

func queueNameIn(body []byte) string {
	var in struct{ QueueURL string }
	// A body that does not parse fails the action soon enough.
	_ = json.Unmarshal(body, &in)
	return lastSegment(in.QueueURL)
}

func (f Failure) answer() *apiError {
	switch f {
	case RequestThrottled:
		return kindRequestThrottled.errorf("Request is throttled.")
	case Throttling:
		return kindThrottling.errorf("Rate exceeded")
	case InternalFailure:
		return kindInternalFailure.errorf("The request processing has failed because of an unknown error, exception or failure.")
	case ServiceUnavailable:
		return kindServiceUnavailable.errorf("The request has failed due to a temporary failure of the server.")
	default:
		return nil
	}
}

// failEntry decides whether an entry of a batch is to fail. Callers hold s.mu.
func (s *Server) failEntry(c *call, id string) *batchError {
	f := c.faults.entries
	if f == nil || !chance(s.rng, f.Probability) {
		return nil
	}
	code := f.Code
	switch {
	case code == "" && f.SenderFault:
		code = kindInvalidParameterValue.query
	case code == "":
		code = "InternalError"
	}
	return &batchError{ID: id, Code: code, SenderFault: f.SenderFault, Message: "This entry failed because a fault was injected."}
}
