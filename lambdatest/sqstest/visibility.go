package sqstest

import "time"

func (s *Server) changeMessageVisibility(c *call, in *changeVisibilityInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return nil, s.changeVisibility(q, &in.visibilityEntry)
}

func (s *Server) changeMessageVisibilityBatch(c *call, in *changeVisibilityBatchInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.Entries, "ChangeMessageVisibilityBatchRequestEntry", func(e *visibilityEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	c.count = len(in.Entries)
	var out batchOutput[batchID]
	for i := range in.Entries {
		e := &in.Entries[i]
		if injected := s.failEntry(c, e.ID); injected != nil {
			out.Failed = append(out.Failed, *injected)
			continue
		}
		if err := s.changeVisibility(q, e); err != nil {
			out.Failed = append(out.Failed, err.entry(e.ID))
			continue
		}
		out.Successful = append(out.Successful, batchID{e.ID})
	}
	return out, nil
}

// changeVisibility moves the end of a visibility timeout. SQS accepts a handle of a
// standard queue whose timeout is over, and does nothing; for a message that is gone
// it answers InvalidParameterValue and not the MessageNotInflight of its model.
func (s *Server) changeVisibility(q *queue, e *visibilityEntry) *apiError {
	if e.ReceiptHandle == nil {
		return missingParameter("ReceiptHandle")
	}
	if e.VisibilityTimeout == nil {
		return missingParameter("VisibilityTimeout")
	}
	timeout, err := visibilityTimeout(*e.VisibilityTimeout)
	if err != nil {
		return err
	}
	m, latest, err := q.lookup(*e.ReceiptHandle)
	if err != nil {
		return err
	}
	if m == nil {
		return badValue(*e.ReceiptHandle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
	}
	if !latest || m.state != stateInFlight {
		if q.fifo {
			return badValue(*e.ReceiptHandle, "ReceiptHandle", "The receipt handle has expired.")
		}
		return nil
	}
	now := s.now()
	if now.Add(timeout).Sub(m.lastReceived) > maxVisibility {
		return badValue(*e.VisibilityTimeout, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}
	q.forgetAttempts(m)
	q.reschedule(m, now.Add(timeout), now)
	s.notify(q)
	return nil
}

func visibilityTimeout(seconds int) (time.Duration, *apiError) {
	if seconds < 0 || seconds > int(maxVisibility/time.Second) {
		return 0, badValue(seconds, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200.")
	}
	return time.Duration(seconds) * time.Second, nil
}
