package sqstest

func (s *Server) deleteMessage(c *call, in *deleteMessageInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return nil, s.discard(q, in.ReceiptHandle)
}

func (s *Server) deleteMessageBatch(c *call, in *deleteMessageBatchInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.Entries, "DeleteMessageBatchRequestEntry", func(e *deleteEntry) string { return e.ID }); err != nil {
		return nil, err
	}
	c.count = len(in.Entries)
	var out batchOutput[batchID]
	for _, e := range in.Entries {
		if injected := s.failEntry(c, e.ID); injected != nil {
			out.Failed = append(out.Failed, *injected)
			continue
		}
		if err := s.discard(q, e.ReceiptHandle); err != nil {
			out.Failed = append(out.Failed, err.entry(e.ID))
			continue
		}
		out.Successful = append(out.Successful, batchID{e.ID})
	}
	return out, nil
}

// discard deletes the message of a receipt handle. Deleting twice succeeds. On a
// standard queue the handle still works after the visibility timeout ended, until the
// message is received again; then the call succeeds and deletes nothing. A FIFO
// queue refuses a handle that is out of date.
func (s *Server) discard(q *queue, handle *string) *apiError {
	if handle == nil {
		return missingParameter("ReceiptHandle")
	}
	m, latest, err := q.lookup(*handle)
	if err != nil || m == nil {
		return err
	}
	if q.fifo && (!latest || m.state != stateInFlight) {
		return badValue(*handle, "ReceiptHandle", "The receipt handle has expired.")
	}
	if latest {
		q.remove(m)
		s.notify(q) // the next message of a FIFO group may be receivable now
	}
	return nil
}
