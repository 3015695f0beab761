package sqstest

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// senderID stands for the identifier of the user who sent a message. Credentials
// are not looked at, so it is the same for everybody.
const senderID = "AIDAEXAMPLESQSTEST000"

func (s *Server) sendMessage(c *call, in *sendMessageInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.MessageBody == "" {
		return nil, missingParameter("MessageBody")
	}
	if q.fifo && in.MessageGroupID == nil {
		return nil, missingParameter("MessageGroupId")
	}
	if err := q.checkDedup(&in.sendEntry); err != nil {
		return nil, err
	}
	if err := q.check(&in.sendEntry); err != nil {
		return nil, err
	}
	out := s.store(q, c, &in.sendEntry)
	out.ID = ""
	return out, nil
}

func (s *Server) sendMessageBatch(c *call, in *sendMessageBatchInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.Entries, "SendMessageBatchRequestEntry", func(e *sendEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	c.count = len(in.Entries)
	size := 0
	for i := range in.Entries {
		e := &in.Entries[i]
		// These two fail the whole batch on SQS, not the entry, and with another code than alone.
		if q.fifo && e.MessageGroupID == nil {
			return nil, kindInvalidParameterValue.errorf("The request must contain the parameter MessageGroupId.")
		}
		if err := q.checkDedup(e); err != nil {
			return nil, err
		}
		size += e.size()
	}
	if size > maxMessageBytes {
		return nil, kindBatchRequestTooLong.errorf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessageBytes, size)
	}
	var out batchOutput[sendResult]
	for i := range in.Entries {
		e := &in.Entries[i]
		if injected := s.failEntry(c, e.ID); injected != nil {
			out.Failed = append(out.Failed, *injected)
			continue
		}
		if err := q.checkEntry(e); err != nil {
			out.Failed = append(out.Failed, err.entry(e.ID))
			continue
		}
		out.Successful = append(out.Successful, s.store(q, c, e))
	}
	return out, nil
}

// checkEntry finds what fails one message of a batch alone.
func (q *queue) checkEntry(e *sendEntry) *apiError {
	if e.MessageBody == "" {
		return missingParameter("MessageBody")
	}
	if e.size() > q.config.maxMessageSize { // the wording differs from that of SendMessage
		return kindInvalidParameterValue.errorf("One or more parameters cannot be validated. Reason: Message must be shorter than %d bytes.", q.config.maxMessageSize)
	}
	return q.check(e)
}

// checkDedup asks of a FIFO message that the queue can tell it from others.
func (q *queue) checkDedup(e *sendEntry) *apiError {
	if q.fifo && e.MessageDeduplicationID == nil && !q.config.contentDedup {
		return kindInvalidParameterValue.errorf("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return nil
}

func (q *queue) check(e *sendEntry) *apiError {
	if !validText(e.MessageBody) {
		return kindInvalidMessageContents.errorf(badCharacters)
	}
	if size := e.size(); size > q.config.maxMessageSize {
		return kindInvalidParameterValue.errorf("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.config.maxMessageSize)
	}
	if err := checkFIFOID("MessageGroupId", e.MessageGroupID); err != nil {
		return err
	}
	if e.MessageDeduplicationID != nil && !q.fifo {
		return badValue(*e.MessageDeduplicationID, "MessageDeduplicationId", "The request include parameter that is not valid for this queue type.")
	}
	if err := checkFIFOID("MessageDeduplicationId", e.MessageDeduplicationID); err != nil {
		return err
	}
	if d := e.DelaySeconds; d != nil {
		switch {
		case *d < 0 || *d > int(maxDelay/time.Second):
			return badValue(*d, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
		case q.fifo && *d != 0: // an explicit 0 means the queue's own delay
			return badValue(*d, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
		}
	}
	if err := checkAttributes(e.MessageAttributes); err != nil {
		return err
	}
	return checkSystemAttributes(e.MessageSystemAttributes)
}

func checkFIFOID(parameter string, id *string) *apiError {
	if id != nil && !fifoID.MatchString(*id) {
		return badValue(*id, parameter, parameter+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return nil
}

// checkSystemAttributes allows AWSTraceHeader of type String, the only one there is
// (API SendMessage). How SQS words the refusal is not documented, nor whether it
// looks at the form of the header; this does not.
func checkSystemAttributes(attributes map[string]attributeValue) *apiError {
	for name, a := range attributes {
		switch {
		case name != "AWSTraceHeader":
			return kindInvalidParameterValue.errorf("Message system attribute '%s' is not supported: the only one is AWSTraceHeader.", name)
		case a.DataType != "String" || a.value() == "" || !validText(a.value()):
			return kindInvalidParameterValue.errorf("Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.")
		}
	}
	return nil
}

// store puts a checked message into the queue, or finds that a FIFO queue has it already.
func (s *Server) store(q *queue, c *call, e *sendEntry) sendResult {
	out := sendResult{
		ID:                           e.ID,
		MD5OfMessageBody:             md5Hex([]byte(e.MessageBody)),
		MD5OfMessageAttributes:       attributesMD5(e.MessageAttributes),
		MD5OfMessageSystemAttributes: attributesMD5(e.MessageSystemAttributes),
	}
	now := s.now()
	m := &message{
		body: e.MessageBody, bodyMD5: out.MD5OfMessageBody, attributes: e.MessageAttributes,
		trace: c.trace, sent: now, enqueued: now,
	}
	if a, ok := e.MessageSystemAttributes["AWSTraceHeader"]; ok {
		m.trace = a.value()
	}
	if e.MessageGroupID != nil {
		m.group = *e.MessageGroupID
	}
	var dedupKey string
	if q.fifo {
		m.dedup = e.dedupID()
		dedupKey = m.dedup
		if q.config.dedupScope == scopeGroup {
			dedupKey = m.group + "\x00" + m.dedup
		}
		if first, ok := q.dedup.find(dedupKey); ok {
			out.MessageID, out.SequenceNumber = first.messageID, first.sequence
			return out
		}
	}
	m.id = newID()
	delay := q.config.delay
	if e.DelaySeconds != nil && !q.fifo {
		delay = time.Duration(*e.DelaySeconds) * time.Second
	}
	q.add(m, now.Add(delay), now)
	if q.fifo {
		out.SequenceNumber = m.sequenceNumber()
		q.dedup.remember(dedupKey, dedupEntry{m.id, out.SequenceNumber}, now)
	}
	out.MessageID = m.id
	s.notify(q)
	return out
}

// dedupID is what tells a FIFO message from others: the identifier it was sent with,
// or the SHA-256 of its body (API SendMessage).
func (e *sendEntry) dedupID() string {
	if e.MessageDeduplicationID != nil {
		return *e.MessageDeduplicationID
	}
	sum := sha256.Sum256([]byte(e.MessageBody))
	return hex.EncodeToString(sum[:])
}
