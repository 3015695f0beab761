package sqstest

import (
	"time"
)

// queue is one queue and its messages. The server's lock guards it.
type queue struct {
	id      uint64 // tells a queue from its successor of the same name
	name    string
	url     string
	arn     string
	fifo    bool
	config  queueConfig
	created time.Time
	changed time.Time
	tags    map[string]string
	purged  time.Time

	nextKey uint64
	byKey   map[uint64]*message
	order   shelf
	due     messageHeap
	expiry  messageHeap
	counts  [stateCount]int

	dedup    dedupLog
	attempts map[string]*attempt

	requests map[string]*RequestCount
	wake     chan struct{} // closed when something may have become receivable; nil while nobody waits
}

// shelf keeps the visible messages of a queue in the order in which its kind of queue hands them out.
type shelf interface {
	// added says that m entered the queue in the state it has.
	added(m *message)
	// shown says that m, hidden so far, can be received.
	shown(m *message)
	// removed says that m left the queue. A message already taken may be removed too.
	removed(m *message)
	// take returns up to n messages, which count as hidden from here on. It asks keep
	// for each; a message that keep refuses has left the queue.
	take(n int, keep func(*message) bool) []*message
	// peek returns the oldest message that take could return, nil if there is none.
	peek() *message
	// released says that m, taken before, is no longer in flight; shown or removed follows.
	released(m *message)
}

func newQueue(id uint64, name, url, arn string, config queueConfig, now time.Time) *queue {
	q := &queue{
		id: id, name: name, url: url, arn: arn, fifo: config.fifo, config: config,
		created: now, changed: now,
		tags:     map[string]string{},
		byKey:    map[uint64]*message{},
		attempts: map[string]*attempt{},
		requests: map[string]*RequestCount{},
		due:      messageHeap{slot: heapDue, less: func(a, b *message) bool { return a.visibleAt.Before(b.visibleAt) }},
		expiry:   messageHeap{slot: heapExpiry, less: func(a, b *message) bool { return a.enqueued.Before(b.enqueued) }},
	}
	q.clear()
	return q
}

// clear drops all messages, and with them what deduplication remembers: after a purge
// SQS accepts an identifier again that it had seen before.
func (q *queue) clear() {
	clear(q.byKey)
	clear(q.attempts)
	q.due.items, q.expiry.items = nil, nil
	q.counts = [stateCount]int{}
	q.dedup = dedupLog{}
	if q.fifo {
		q.order = newFIFOShelf()
	} else {
		q.order = newFairShelf()
	}
}

// settle brings the queue to the present: messages past their retention go, hidden
// ones whose time has come appear.
func (q *queue) settle(now time.Time) {
	for m := q.expiry.min(); m != nil && !now.Before(m.enqueued.Add(q.config.retention)); m = q.expiry.min() {
		q.remove(m)
	}
	for m := q.due.min(); m != nil && !now.Before(m.visibleAt); m = q.due.min() {
		q.show(m)
	}
	q.dedup.expire(now)
}

// add stores m, visible from the given time on.
func (q *queue) add(m *message, visibleAt, now time.Time) {
	q.nextKey++
	m.key = q.nextKey
	m.receipt = 0
	m.receivesHere = 0
	m.state = stateReady
	if visibleAt.After(now) {
		m.state = stateDelayed
		m.visibleAt = visibleAt
		q.due.push(m)
	}
	q.counts[m.state]++
	q.byKey[m.key] = m
	q.expiry.push(m)
	q.order.added(m)
}

// hide makes m, which the shelf has handed out, invisible until a time.
func (q *queue) hide(m *message, until time.Time) {
	q.counts[m.state]--
	m.state = stateInFlight
	m.visibleAt = until
	q.counts[m.state]++
	q.due.push(m)
}

// show makes a hidden message receivable.
func (q *queue) show(m *message) {
	q.due.remove(m)
	q.counts[m.state]--
	inFlight := m.state == stateInFlight
	m.state = stateReady
	q.counts[m.state]++
	if inFlight {
		q.order.released(m)
	}
	q.order.shown(m)
}

// remove takes m out of the queue for good.
func (q *queue) remove(m *message) {
	q.counts[m.state]--
	q.due.remove(m)
	q.expiry.remove(m)
	delete(q.byKey, m.key)
	if m.state == stateInFlight {
		q.order.released(m)
	}
	q.order.removed(m)
}

// reschedule changes when a hidden message appears.
func (q *queue) reschedule(m *message, at, now time.Time) {
	if !at.After(now) {
		q.show(m)
		return
	}
	q.due.remove(m)
	m.visibleAt = at
	q.due.push(m)
}

// applyDelay moves the messages that still wait for the queue's delay: on FIFO
// queues a changed delay also holds for messages already sent, on standard queues
// it does not (DG sqs-delay-queues).
func (q *queue) applyDelay(now time.Time) {
	if !q.fifo {
		return
	}
	for _, m := range q.byKey {
		if m.state == stateDelayed {
			q.reschedule(m, m.sent.Add(q.config.delay), now)
		}
	}
}
