package sqstest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// receiveRequest is a checked ReceiveMessage.
type receiveRequest struct {
	*receiveInput
	max        int
	visibility *time.Duration // nil: the queue's, as it is when a message is handed out
	wait       *time.Duration // nil: the queue's
}

func (in *receiveInput) check() (*receiveRequest, *apiError) {
	r := &receiveRequest{receiveInput: in, max: 1}
	if n := in.MaxNumberOfMessages; n != nil {
		if *n < 1 || *n > maxReceive {
			return nil, badValue(*n, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
		r.max = *n
	}
	if n := in.WaitTimeSeconds; n != nil {
		if *n < 0 || *n > int(maxWait/time.Second) {
			return nil, badValue(*n, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
		wait := time.Duration(*n) * time.Second
		r.wait = &wait
	}
	if n := in.VisibilityTimeout; n != nil {
		timeout, err := visibilityTimeout(*n)
		if err != nil {
			return nil, err
		}
		r.visibility = &timeout
	}
	return r, checkFIFOID("ReceiveRequestAttemptId", in.ReceiveRequestAttemptID)
}

// receiveMessage hands out messages, waiting for one if the request or the queue says
// so. It ends early, with nothing, when the client or the server goes away.
func (s *Server) receiveMessage(c *call, in *receiveInput) (any, *apiError) {
	r, err := in.check()
	if err != nil {
		return nil, err
	}
	var deadline time.Time
	for {
		out, wait, err := s.tryReceive(c, r, &deadline)
		if wait == nil || err != nil {
			return out, err
		}
		timer := time.NewTimer(wait.most)
		select {
		case <-timer.C:
		case <-wait.changed:
		case <-s.closing:
		case <-c.ctx.Done():
			timer.Stop()
			return receiveOutput{}, nil
		}
		timer.Stop()
	}
}

// waiting says how long a long poll has to wait for the next look.
type waiting struct {
	changed <-chan struct{}
	most    time.Duration
}

// tryReceive looks once. The waiting it returns is nil when the request is over.
func (s *Server) tryReceive(c *call, r *receiveRequest, deadline *time.Time) (receiveOutput, *waiting, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, r.QueueURL)
	if err != nil {
		return receiveOutput{}, nil, err
	}
	now := s.now()
	wait := q.config.wait
	if r.wait != nil {
		wait = *r.wait
	}
	if deadline.IsZero() {
		*deadline = now.Add(wait)
	}
	messages := q.repeat(r, now)
	if messages == nil {
		room := s.opts.MaxInFlight - q.counts[stateInFlight]
		if room <= 0 && wait == 0 && !q.fifo { // long polls and FIFO queues get no error (DG sqs-visibility-timeout)
			return receiveOutput{}, nil, kindOverLimit.errorf("Too many messages have been received without being deleted. Please delete your received messages or let them timeout before receiving more.")
		}
		messages = s.hand(q, c, r, min(r.max, max(room, 0)), now)
	}
	if len(messages) > 0 || !now.Before(*deadline) || s.closed {
		return q.answer(r, messages), nil, nil
	}
	most := deadline.Sub(now)
	if next := q.due.min(); next != nil {
		most = min(most, next.visibleAt.Sub(now))
	}
	return receiveOutput{}, &waiting{waitChan(&q.wake), most}, nil
}

// hand takes up to n messages for one receive.
func (s *Server) hand(q *queue, c *call, r *receiveRequest, n int, now time.Time) []*message {
	taken := q.order.take(n, func(m *message) bool { return !s.deadLetter(q, m, now) })
	if len(taken) == 0 {
		return nil
	}
	timeout := q.config.visibility
	if r.visibility != nil {
		timeout = *r.visibility
	}
	for _, m := range taken {
		m.receipt++
		m.receives++
		m.receivesHere++
		m.lastReceived = now
		if m.firstReceived.IsZero() {
			m.firstReceived = now
		}
		q.hide(m, now.Add(timeout))
	}
	for _, m := range taken {
		if timeout == 0 {
			q.show(m)
		}
		if c.faults.duplicate && !q.fifo {
			q.add(copyOf(m), now, now)
		}
	}
	if q.fifo && r.ReceiveRequestAttemptID != nil {
		q.attempts[*r.ReceiveRequestAttemptID] = &attempt{at: now, messages: taken, timeout: timeout}
	}
	return taken
}

// answer makes the answer for messages just received.
func (q *queue) answer(r *receiveRequest, messages []*message) receiveOutput {
	var out receiveOutput
	for _, m := range messages {
		attributes := r.wanted(m.attributes)
		out.Messages = append(out.Messages, receivedMessage{
			MessageID: m.id, ReceiptHandle: q.handle(m), Body: m.body, MD5OfBody: m.bodyMD5,
			Attributes:        r.wantedSystem(q, m),
			MessageAttributes: attributes,
			// Over what is returned, not over what was sent: SDKs can check nothing else.
			MD5OfMessageAttributes: attributesMD5(attributes),
		})
	}
	return out
}

// wanted chooses the message attributes asked for: by name, all, or all with a prefix.
func (r *receiveRequest) wanted(attributes map[string]attributeValue) map[string]attributeValue {
	if len(r.MessageAttributeNames) == 0 || len(attributes) == 0 {
		return nil
	}
	chosen := map[string]attributeValue{}
	for name, value := range attributes {
		for _, pattern := range r.MessageAttributeNames {
			prefix, wildcard := strings.CutSuffix(pattern, ".*")
			// Besides the documented All and .* SQS also takes a lone asterisk.
			if pattern == "All" || pattern == "*" || pattern == name || wildcard && strings.HasPrefix(name, prefix) {
				chosen[name] = value
				break
			}
		}
	}
	return chosen
}

// wantedSystem chooses the system attributes asked for under either parameter.
func (r *receiveRequest) wantedSystem(q *queue, m *message) map[string]string {
	names := slices.Concat(r.AttributeNames, r.MessageSystemAttributeNames)
	if len(names) == 0 {
		return nil
	}
	all := slices.Contains(names, "All")
	chosen := map[string]string{}
	add := func(name, value string) {
		if value != "" && (all || slices.Contains(names, name)) {
			chosen[name] = value
		}
	}
	add("SenderId", senderID)
	add("SentTimestamp", milliseconds(m.sent))
	add("ApproximateReceiveCount", strconv.Itoa(m.receives))
	add("ApproximateFirstReceiveTimestamp", milliseconds(m.firstReceived))
	add("AWSTraceHeader", m.trace)
	add("MessageGroupId", m.group)
	add("DeadLetterQueueSourceArn", m.source)
	if q.fifo {
		add("MessageDeduplicationId", m.dedup)
		add("SequenceNumber", m.sequenceNumber())
	}
	return chosen
}

func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
