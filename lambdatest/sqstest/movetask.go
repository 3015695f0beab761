package sqstest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// moveTask is one redrive of a dead-letter queue (StartMessageMoveTask).
type moveTask struct {
	id          string
	source      *queue
	destination string // ARN; empty: each message goes back to the queue it came from
	rate        int    // messages a second; 0: as fast as it goes
	started     time.Time
	toMove      int
	moved       int
	status      string
	failure     string
	cancel      chan struct{} // closed by CancelMessageMoveTask
}

const (
	moveRunning   = "RUNNING"
	moveCompleted = "COMPLETED"
	moveCancelled = "CANCELLED"
	moveFailed    = "FAILED"
)

type startMoveInput struct {
	SourceARN                    string `json:"SourceArn"`
	DestinationARN               string `json:"DestinationArn"`
	MaxNumberOfMessagesPerSecond *int
}

type startMoveOutput struct {
	TaskHandle string
}

func (s *Server) startMessageMoveTask(c *call, in *startMoveInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.moveSource(in.SourceARN)
	if err != nil {
		return nil, err
	}
	c.queue = source
	isTarget := false
	for _, q := range s.queues {
		isTarget = isTarget || source.isDeadLetterQueueOf(q)
	}
	if !isTarget {
		return nil, kindInvalidParameterValue.errorf("Source queue must be configured as a Dead Letter Queue.")
	}
	t := &moveTask{
		id: newID(), source: source, destination: in.DestinationARN, started: s.now(),
		status: moveRunning, cancel: make(chan struct{}),
	}
	if in.DestinationARN != "" {
		destination := s.queueByARN(in.DestinationARN)
		switch {
		case destination == nil:
			return nil, kindResourceNotFound.errorf("The resource that you specified for the DestinationArn parameter doesn't exist.")
		case destination == source || destination.fifo != source.fifo: // both must be of one kind (DG sqs-configure-dead-letter-queue-redrive)
			return nil, badValue(in.DestinationARN, "DestinationArn", "The destination must be another queue of the same type as the source.")
		}
	}
	if n := in.MaxNumberOfMessagesPerSecond; n != nil {
		if *n < 1 || *n > maxMoveRate {
			return nil, badValue(*n, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500, if provided.")
		}
		t.rate = *n
	}
	for _, other := range s.moves {
		if other.source == source && other.status == moveRunning {
			return nil, kindInvalidParameterValue.errorf("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	t.toMove = source.counts[stateReady]
	s.moves = append(s.moves, t)
	s.trimMoves(source)
	s.active.Add(1) // the request that runs this keeps Close from waiting yet
	go s.runMove(t)
	return startMoveOutput{t.handle()}, nil
}

// moveSource finds and settles the queue of a SourceArn.
func (s *Server) moveSource(arn string) (*queue, *apiError) {
	if arn == "" {
		return nil, missingParameter("SourceArn")
	}
	if strings.Count(arn, ":") != 5 || !strings.HasPrefix(arn, "arn:") {
		return nil, kindInvalidParameterValue.errorf("You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
	}
	q := s.queueByARN(arn)
	if q == nil {
		return nil, kindResourceNotFound.errorf("The resource that you specified for the SourceArn parameter doesn't exist.")
	}
	q.settle(s.now())
	return q, nil
}

// trimMoves forgets the oldest tasks, which ListMessageMoveTasks would not return any
// more, and those of queues that are gone.
func (s *Server) trimMoves(source *queue) {
	extra := -maxMoveResults
	for _, t := range s.moves {
		if t.source == source {
			extra++
		}
	}
	s.moves = slices.DeleteFunc(s.moves, func(t *moveTask) bool {
		if t.source != source {
			return s.queueByARN(t.source.arn) != t.source
		}
		extra--
		return extra >= 0
	})
}

// runMove moves messages at the task's rate until it is over.
func (s *Server) runMove(t *moveTask) {
	defer s.active.Done()
	for {
		s.mu.Lock()
		wait := s.stepMove(t, s.now())
		var changed <-chan struct{}
		if wait > 0 {
			changed = waitChan(&t.source.wake) // Advance may make more of it due
		}
		s.mu.Unlock()
		if wait == 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-t.cancel:
		case <-s.closing:
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// stepMove moves what is due and returns the time until more is, 0 when the task is
// over. One message is due at once and another every 1/rate seconds. Only messages
// that are visible are moved, and no more than there were at the start.
func (s *Server) stepMove(t *moveTask, now time.Time) time.Duration {
	if t.status != moveRunning {
		return 0
	}
	due := t.toMove
	if t.rate > 0 {
		elapsed := min(now.Sub(t.started), time.Duration(t.toMove)*time.Second)
		due = min(due, 1+int(elapsed*time.Duration(t.rate)/time.Second))
	}
	t.source.settle(now)
	for t.moved < due && t.status == moveRunning {
		if s.queueByARN(t.source.arn) != t.source {
			t.fail("AWS.SimpleQueueService.NonExistentQueue")
		} else if !s.moveOne(t, now) && t.status == moveRunning {
			t.status = moveCompleted // others took the rest
		}
	}
	if t.moved >= t.toMove && t.status == moveRunning {
		t.status = moveCompleted
	}
	if t.status != moveRunning {
		s.notify(t.source)
		return 0
	}
	next := t.started.Add(time.Duration(t.moved) * time.Second / time.Duration(t.rate))
	return max(next.Sub(now), 1)
}

func (t *moveTask) fail(reason string) { t.status, t.failure = moveFailed, reason }

// moveOne moves the oldest visible message; it reports false when there is none or the task failed.
func (s *Server) moveOne(t *moveTask, now time.Time) bool {
	m := t.source.order.peek()
	if m == nil {
		return false
	}
	destination := t.destination
	if destination == "" {
		destination = m.source
	}
	if destination == "" { // sent to the dead-letter queue directly (DG troubleshooting-dlq-redrive)
		t.fail("CouldNotDetermineMessageSource")
		return false
	}
	target := s.queueByARN(destination)
	if target == nil {
		t.fail("AWS.SimpleQueueService.NonExistentQueue")
		return false
	}
	t.source.remove(m)
	fresh := copyOf(m)
	// Redriven messages are new ones (DG sqs-configure-dead-letter-queue-redrive).
	fresh.id, fresh.sent, fresh.enqueued = newID(), now, now
	fresh.source, fresh.receives, fresh.firstReceived = "", 0, time.Time{}
	if target.fifo {
		fresh.dedup = fresh.id
	}
	target.settle(now)
	target.add(fresh, now, now)
	t.moved++
	s.notify(target)
	s.notify(t.source)
	return true
}

type listMovesInput struct {
	SourceARN  string `json:"SourceArn"`
	MaxResults *int
}

type listMovesOutput struct {
	Results []moveResult `json:",omitempty"`
}

type moveResult struct {
	TaskHandle                        string `json:",omitempty"`
	Status                            string
	SourceARN                         string `json:"SourceArn"`
	DestinationARN                    string `json:"DestinationArn,omitempty"`
	MaxNumberOfMessagesPerSecond      int    `json:",omitempty"`
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64
}

func (s *Server) listMessageMoveTasks(c *call, in *listMovesInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.moveSource(in.SourceARN)
	if err != nil {
		return nil, err
	}
	c.queue = source
	limit := 1
	if in.MaxResults != nil {
		limit = *in.MaxResults
		if limit < 1 || limit > maxMoveResults {
			return nil, badValue(limit, "MaxResults", "Must be between 1 and 10, if provided.")
		}
	}
	var out listMovesOutput
	for i := len(s.moves) - 1; i >= 0 && len(out.Results) < limit; i-- {
		if t := s.moves[i]; t.source == source {
			out.Results = append(out.Results, t.result())
		}
	}
	return out, nil
}

func (t *moveTask) result() moveResult {
	r := moveResult{
		Status: t.status, SourceARN: t.source.arn, DestinationARN: t.destination,
		MaxNumberOfMessagesPerSecond:      t.rate,
		ApproximateNumberOfMessagesMoved:  t.moved,
		ApproximateNumberOfMessagesToMove: t.toMove,
		FailureReason:                     t.failure,
		StartedTimestamp:                  t.started.UnixMilli(),
	}
	if t.status == moveRunning {
		r.TaskHandle = t.handle()
	}
	return r
}

// taskHandle is what a handle encodes: base64 of JSON, as with SQS.
type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func (t *moveTask) handle() string {
	return base64.StdEncoding.EncodeToString(encode(taskHandle{t.id, t.source.arn}))
}

type cancelMoveInput struct {
	TaskHandle string
}

type cancelMoveOutput struct {
	ApproximateNumberOfMessagesMoved int
}

func (s *Server) cancelMessageMoveTask(c *call, in *cancelMoveInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.TaskHandle == "" {
		return nil, missingParameter("TaskHandle")
	}
	var h taskHandle
	b, err := base64.StdEncoding.DecodeString(in.TaskHandle)
	if err != nil || json.Unmarshal(b, &h) != nil || h.TaskID == "" {
		return nil, kindInvalidParameterValue.errorf("Value for parameter TaskHandle is invalid.")
	}
	source := s.queueByARN(h.SourceARN)
	if source == nil {
		return nil, kindResourceNotFound.errorf("The resource that you specified for the SourceArn parameter doesn't exist.")
	}
	c.queue = source
	for _, t := range s.moves {
		if t.id != h.TaskID || t.source != source {
			continue
		}
		if t.status != moveRunning {
			return nil, kindUnsupportedOperation.errorf("Only active tasks can be cancelled.")
		}
		t.status = moveCancelled // SQS is CANCELLING for a moment first
		close(t.cancel)
		return cancelMoveOutput{t.moved}, nil
	}
	return nil, kindResourceNotFound.errorf("Task does not exist.")
}
