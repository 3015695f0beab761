package sqstest

import (
	"slices"
	"time"
)

// attempt is what a FIFO receive with a ReceiveRequestAttemptId returned, for a
// client that did not get the answer and asks again.
type attempt struct {
	at       time.Time
	messages []*message
	timeout  time.Duration
}

// repeat returns the messages of an earlier receive with the same attempt
// identifier, with the same receipt handles and their visibility timeout started
// anew. It returns nil when there is none of the last five minutes, or when one of
// its messages was deleted, moved, changed or has become visible again (API ReceiveMessage).
func (q *queue) repeat(r *receiveRequest, now time.Time) []*message {
	if !q.fifo || r.ReceiveRequestAttemptID == nil {
		return nil
	}
	for id, a := range q.attempts { // also the place where old ones go
		if now.Sub(a.at) >= attemptInterval {
			delete(q.attempts, id)
		}
	}
	a := q.attempts[*r.ReceiveRequestAttemptID]
	if a == nil {
		return nil
	}
	for _, m := range a.messages {
		if q.byKey[m.key] != m || m.state != stateInFlight || !m.lastReceived.Equal(a.at) {
			delete(q.attempts, *r.ReceiveRequestAttemptID)
			return nil
		}
	}
	timeout := a.timeout
	if r.visibility != nil {
		timeout = *r.visibility
	}
	for _, m := range a.messages {
		q.reschedule(m, now.Add(timeout), now)
	}
	return a.messages
}

// forgetAttempts ends the attempts that returned m: after a change of its visibility
// they cannot be repeated.
func (q *queue) forgetAttempts(m *message) {
	for id, a := range q.attempts {
		if slices.Contains(a.messages, m) {
			delete(q.attempts, id)
		}
	}
}
