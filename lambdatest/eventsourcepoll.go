package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// longPoll is the longest that ReceiveMessage waits.
	longPoll = 20 * time.Second
	// leastPause and mostPause bound the pauses between attempts at a request or an invocation that was refused. AWS
	// publishes none.
	leastPause = 50 * time.Millisecond
	mostPause  = 5 * time.Second
	// maxAttempts of a request to delete messages.
	maxAttempts = 5
)

// pauses are the lengths of successive pauses: doubling, with full jitter, so that mappings do not keep in step.
type pauses struct{ next time.Duration }

func (p *pauses) wait(ctx context.Context) error {
	p.next = min(max(2*p.next, leastPause), mostPause)
	timer := time.NewTimer(rand.N(p.next) + time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// poll reads messages and hands them over until the context ends. It reads only when the function has a place for a
// batch: what it holds is out of the queue, and its visibility timeout runs.
func (m *EventSourceMapping) poll(ctx context.Context) {
	for {
		if m.slots.acquire(ctx) != nil {
			return
		}
		c := m.collect(ctx)
		if len(c.batches) == 0 {
			m.slots.release()
			if ctx.Err() != nil {
				return
			}
			continue
		}
		m.count(1)
		if m.queue.fifo {
			m.working.Go(func() { m.inOrder(c.batches) })
			continue
		}
		for i, b := range c.batches {
			if i > 0 {
				if m.slots.acquire(m.base) != nil { // read already: Disable waits for it too
					return
				}
				m.count(1)
			}
			m.working.Go(func() {
				defer m.count(-1)
				defer m.slots.release()
				m.handle(b)
			})
		}
	}
}

// inOrder hands over what one request returned from a FIFO queue. It is more than one batch where the messages are large.
// Messages of a group that has failed stay behind it in the queue.
func (m *EventSourceMapping) inOrder(batches []*batch) {
	defer m.count(-1)
	defer m.slots.release()
	failed := map[string]bool{}
	for _, b := range batches {
		kept, left := b.without(failed)
		if len(left) > 0 {
			m.record(Event{Kind: EventBatchEnd, Batch: &BatchInfo{Failed: left}, Message: "an earlier message of the group failed"})
		}
		if len(kept.messages) == 0 {
			continue
		}
		stay := m.handle(kept)
		for _, message := range kept.messages {
			if stay[message.id] {
				failed[message.group] = true
			}
		}
	}
}

// collect reads messages: once, or until a batch is full or its window over.
func (m *EventSourceMapping) collect(ctx context.Context) *collection {
	c := &collection{limits: m.limits}
	attempt := newUUID()
	var p pauses
	wait := longPoll
	for {
		asked := time.Now()
		messages, err := m.api.receive(ctx, m.queue, min(maxReceive, m.limits.messages-c.count), wait, attempt)
		if ctx.Err() != nil {
			return c
		}
		m.polled(messages, err)
		if err != nil {
			if c.count > 0 && time.Since(c.first) >= m.mapping.BatchWindow || p.wait(ctx) != nil {
				return c
			}
			continue
		}
		attempt = newUUID()
		now := time.Now()
		for i := range messages {
			message, err := newBatchMessage(m.queue, &messages[i])
			if err != nil { // strings and maps of strings encode
				continue
			}
			c.add(message, now)
		}
		switch {
		case len(messages) > 0 || now.Sub(asked) >= time.Second:
			p = pauses{}
			if len(messages) == 0 && c.count == 0 && m.idle() { // what comes next makes the queue active again
				m.slots.restart()
			}
		case p.wait(ctx) != nil: // an endpoint that does not wait must not keep this machine busy
			return c
		}
		if c.count == 0 {
			continue
		}
		left := m.mapping.BatchWindow - time.Since(c.first)
		if left <= 0 || c.full() {
			return c
		}
		wait = min(longPoll, (left + time.Second - 1).Truncate(time.Second))
	}
}

// polled records a request for messages.
func (m *EventSourceMapping) polled(messages []queueMessage, err error) {
	e := Event{Kind: EventPoll, Batch: &BatchInfo{}}
	for i := range messages {
		e.Batch.Messages = append(e.Batch.Messages, messages[i].MessageID)
	}
	if err != nil {
		e.Message = err.Error()
	}
	m.record(e)
}

// handle takes one batch through the function, deletes what was processed and returns what stays in the queue.
func (m *EventSourceMapping) handle(b *batch) (stay map[string]bool) {
	id := newUUID()
	m.record(Event{Kind: EventBatchStart, RequestID: id, Batch: &BatchInfo{Messages: b.ids()}})
	response, err := m.invoke(id, b)
	if err == nil && m.mapping.ReportBatchItemFailures {
		stay, err = failedItems(response, b)
	}
	end := Event{Kind: EventBatchEnd, RequestID: id, Batch: &BatchInfo{}}
	if err != nil {
		end.Message = err.Error()
		stay = make(map[string]bool, len(b.messages))
		for _, message := range b.messages {
			stay[message.id] = true
		}
		if !m.mapping.ReportBatchItemFailures { // with it AWS does not slow down
			m.slots.backOff()
		}
	}
	var done []batchMessage
	for _, message := range b.messages {
		if stay[message.id] {
			end.Batch.Failed = append(end.Batch.Failed, message.id)
			continue
		}
		end.Batch.Messages = append(end.Batch.Messages, message.id)
		done = append(done, message)
	}
	m.record(end)
	for len(done) > 0 {
		n := min(maxReceive, len(done))
		m.remove(id, done[:n], b.received.Add(m.queue.visibility))
		done = done[n:]
	}
	return stay
}

// invoke runs the function, again while it is throttled and the messages are still ours.
func (m *EventSourceMapping) invoke(id string, b *batch) ([]byte, error) {
	event := b.event()
	until := b.received.Add(m.queue.visibility)
	var p pauses
	for {
		response, err := m.run(m.base, id, event)
		if !errors.Is(err, ErrThrottled) {
			return response, err
		}
		m.slots.backOff()
		if waitErr := p.wait(m.base); waitErr != nil {
			return nil, waitErr
		}
		if !time.Now().Before(until) {
			return nil, fmt.Errorf("throttled until the visibility timeout was over: %w", err)
		}
	}
}

// remove deletes up to ten messages. What cannot be deleted before its visibility timeout is over will be delivered
// again.
func (m *EventSourceMapping) remove(id string, messages []batchMessage, until time.Time) {
	var p pauses
	for attempt := 1; len(messages) > 0; attempt++ {
		receipts := make([]string, len(messages))
		for i, message := range messages {
			receipts[i] = message.receipt
		}
		left, err := m.api.remove(m.base, receipts)
		if m.base.Err() != nil {
			return
		}
		e := Event{Kind: EventDelete, RequestID: id, Batch: &BatchInfo{}}
		var again []batchMessage
		for i, message := range messages {
			refused := left[i]
			if err == nil && refused == nil {
				e.Batch.Messages = append(e.Batch.Messages, message.id)
				continue
			}
			e.Batch.Failed = append(e.Batch.Failed, message.id)
			if refused != nil {
				e.Message = refused.Error()
			}
			if refused == nil || !refused.permanent() {
				again = append(again, message)
			}
		}
		var answer *queueError
		if err != nil {
			e.Message = err.Error()
			if errors.As(err, &answer) && answer.permanent() {
				again = nil
			}
		}
		m.record(e)
		messages = again
		if attempt == maxAttempts || !time.Now().Before(until) || len(messages) > 0 && p.wait(m.base) != nil {
			return
		}
	}
}

// record writes an event of the mapping to the function's journal.
func (m *EventSourceMapping) record(e Event) {
	e.Batch.Mapping, e.Batch.Queue = m.id, m.queue.arn
	m.journal(e)
}
