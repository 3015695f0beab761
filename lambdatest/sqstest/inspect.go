package sqstest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// MessageState says where a message of a snapshot is.
type MessageState string

const (
	// Visible messages can be received.
	Visible MessageState = "visible"
	// InFlight messages were received, and their visibility timeout runs.
	InFlight MessageState = "in flight"
	// Delayed messages were sent with a delay that has not passed.
	Delayed MessageState = "delayed"
)

var stateNames = [stateCount]MessageState{stateReady: Visible, stateInFlight: InFlight, stateDelayed: Delayed}

// Message is a message as the queue holds it.
type Message struct {
	ID              string
	Body            string
	Attributes      map[string]string // the values; binary ones as raw bytes
	GroupID         string
	DeduplicationID string
	TraceHeader     string
	// SourceARN is the queue that a dead-letter queue got it from.
	SourceARN string
	State     MessageState
	// VisibleAt is when an InFlight or Delayed message can be received, by the server's clock.
	VisibleAt time.Time
	Sent      time.Time
	// Receives counts receives in all queues, like ApproximateReceiveCount.
	Receives int
}

// Counts are how many messages a queue holds, exactly.
type Counts struct {
	Visible, InFlight, Delayed int
}

// Total is the number of messages of any state.
func (c Counts) Total() int { return c.Visible + c.InFlight + c.Delayed }

// Snapshot is a queue at one moment.
type Snapshot struct {
	// Exists is false before the queue is created and after it is deleted; then all else is empty.
	Exists bool
	Counts
	// Messages are in the order in which they entered the queue.
	Messages []Message
	// Requests are counted by action since the queue was created.
	Requests map[string]RequestCount
}

// RequestCount counts the requests of one action.
type RequestCount struct {
	// Calls are API requests, which is what SQS bills (by 64 KiB), failed ones included.
	Calls int
	// Entries are those calls with each entry of a batch counted.
	Entries int
	// Errors are calls that were answered with an error.
	Errors int
}

// Queue looks at one queue from outside the API. Its methods are safe for concurrent
// use and count as no request.
type Queue struct {
	server *Server
	name   string
}

// Queue returns a view of the queue of that name, which need not exist yet.
func (s *Server) Queue(name string) *Queue { return &Queue{server: s, name: name} }

// Name is the name of the queue.
func (q *Queue) Name() string { return q.name }

// URL is the queue's URL, with the server's address as host.
func (q *Queue) URL() string { return q.server.queueURLOf(q.name) }

// ARN is the queue's ARN, as a redrive policy needs it.
func (q *Queue) ARN() string { return q.server.queueARNOf(q.name) }

// Counts returns the numbers of messages, all zero if the queue does not exist.
// It costs the same however many there are.
func (q *Queue) Counts() Counts {
	s := q.server
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.queues[q.name]
	if stored == nil {
		return Counts{}
	}
	stored.settle(s.now())
	return stored.total()
}

func (q *queue) total() Counts {
	return Counts{Visible: q.counts[stateReady], InFlight: q.counts[stateInFlight], Delayed: q.counts[stateDelayed]}
}

// Snapshot returns what the queue holds now.
func (q *Queue) Snapshot() Snapshot {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	return q.snapshot()
}

func (q *Queue) snapshot() Snapshot {
	s := q.server
	stored := s.queues[q.name]
	if stored == nil {
		return Snapshot{}
	}
	stored.settle(s.now())
	snap := Snapshot{Exists: true, Counts: stored.total(), Requests: countsOf(stored.requests)}
	for _, key := range slices.Sorted(maps.Keys(stored.byKey)) {
		snap.Messages = append(snap.Messages, stored.byKey[key].public())
	}
	return snap
}

func (m *message) public() Message {
	p := Message{
		ID: m.id, Body: m.body, GroupID: m.group, DeduplicationID: m.dedup, TraceHeader: m.trace,
		SourceARN: m.source, State: stateNames[m.state], Sent: m.sent, Receives: m.receives,
	}
	if m.state != stateReady {
		p.VisibleAt = m.visibleAt
	}
	if len(m.attributes) > 0 {
		p.Attributes = make(map[string]string, len(m.attributes))
		for name, a := range m.attributes {
			p.Attributes[name] = a.value()
		}
	}
	return p
}

// waitPause is the least time between two looks of Wait, so that a busy queue is not
// copied for every request.
const waitPause = 5 * time.Millisecond

// Wait returns the first snapshot for which done returns true, or ctx's error with
// the last one looked at. It looks when something changes, at most every 5 ms, and
// calls done without holding a lock, so done may use the server.
func (q *Queue) Wait(ctx context.Context, done func(Snapshot) bool) (Snapshot, error) {
	s := q.server
	for {
		s.mu.Lock()
		snap := q.snapshot()
		changed := waitChan(&s.wake)
		next := time.Hour
		if stored := s.queues[q.name]; stored != nil {
			if m := stored.due.min(); m != nil {
				next = m.visibleAt.Sub(s.now())
			}
			if m := stored.expiry.min(); m != nil {
				next = min(next, m.enqueued.Add(stored.config.retention).Sub(s.now()))
			}
		}
		s.mu.Unlock()
		if done(snap) {
			return snap, nil
		}
		timer := time.NewTimer(next)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return snap, ctx.Err()
		}
		timer.Reset(waitPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return snap, ctx.Err()
		}
	}
}

// Queues returns the names of all queues in order.
func (s *Server) Queues() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.queues), strings.Compare)
}

// Requests returns what the server was asked so far, by action, queues that are gone
// included. Requests for actions that do not exist are not counted.
func (s *Server) Requests() map[string]RequestCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return countsOf(s.requests)
}

func countsOf(counts map[string]*RequestCount) map[string]RequestCount {
	out := make(map[string]RequestCount, len(counts))
	for action, n := range counts {
		out[action] = *n
	}
	return out
}

// record counts a request when it is over.
func (s *Server) record(action string, c *call, err *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count(s.requests, action, c, err)
	if c.queue != nil {
		count(c.queue.requests, action, c, err)
	}
	s.notifyWaiters()
}

func count(counts map[string]*RequestCount, action string, c *call, err *apiError) {
	n := counts[action]
	if n == nil {
		n = &RequestCount{}
		counts[action] = n
	}
	n.Calls++
	n.Entries += c.count
	if err != nil {
		n.Errors++
	}
}
