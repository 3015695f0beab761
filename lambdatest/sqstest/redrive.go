package sqstest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// redrivePolicy says where a queue puts what was received too often.
type redrivePolicy struct {
	target     string
	maxReceive int
}

// redriveAllowPolicy says which queues may use this one as their dead-letter queue.
type redriveAllowPolicy struct {
	permission string
	sources    []string
}

const (
	allowAll = "allowAll"
	denyAll  = "denyAll"
	byQueue  = "byQueue"
)

// setRedrivePolicy takes the JSON document of the attribute; an empty one removes the policy.
func (c *queueConfig) setRedrivePolicy(document string) *apiError {
	if document == "" {
		c.redrivePolicy, c.redrive = "", nil
		return nil
	}
	var raw struct {
		Target *string         `json:"deadLetterTargetArn"`
		Count  json.RawMessage `json:"maxReceiveCount"`
	}
	if json.Unmarshal([]byte(document), &raw) != nil {
		return badValue(document, "RedrivePolicy", "Redrive policy is not a valid JSON map.")
	}
	if raw.Target == nil {
		return badValue(document, "RedrivePolicy", "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	}
	if raw.Count == nil {
		return badValue(document, "RedrivePolicy", "Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	}
	text := strings.Trim(string(raw.Count), `"`) // both 5 and "5" are accepted
	count, err := strconv.Atoi(text)
	if err != nil || count < 1 || count > maxReceiveCount {
		return badValue(document, "RedrivePolicy", "Invalid value for maxReceiveCount: "+text+", valid values are from 1 to 1000 both inclusive.")
	}
	if strings.Count(*raw.Target, ":") != 5 || !strings.HasPrefix(*raw.Target, "arn:") {
		return badValue(document, "RedrivePolicy", "Invalid value for deadLetterTargetArn.")
	}
	c.redrivePolicy, c.redrive = document, &redrivePolicy{target: *raw.Target, maxReceive: count}
	return nil
}

func (c *queueConfig) setRedriveAllowPolicy(document string) *apiError {
	if document == "" {
		c.redriveAllowPolicy, c.redriveAllow = "", nil
		return nil
	}
	var raw struct {
		Permission string   `json:"redrivePermission"`
		Sources    []string `json:"sourceQueueArns"`
	}
	if json.Unmarshal([]byte(document), &raw) != nil {
		return badValue(document, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.")
	}
	switch raw.Permission {
	case allowAll, denyAll:
		if len(raw.Sources) > 0 {
			return badValue(document, "RedriveAllowPolicy", "sourceQueueArns can be given only when redrivePermission is byQueue.")
		}
	case byQueue:
		if len(raw.Sources) == 0 || len(raw.Sources) > maxRedriveARNs {
			return badValue(document, "RedriveAllowPolicy", "byQueue needs between 1 and 10 sourceQueueArns.")
		}
	default:
		return badValue(document, "RedriveAllowPolicy", "redrivePermission must be allowAll, denyAll or byQueue.")
	}
	c.redriveAllowPolicy = document
	c.redriveAllow = &redriveAllowPolicy{permission: raw.Permission, sources: raw.Sources}
	return nil
}

func (p *redriveAllowPolicy) allows(source string) bool {
	if p == nil || p.permission == allowAll {
		return true
	}
	return p.permission == byQueue && slices.Contains(p.sources, source)
}

// checkRedrive refuses a redrive policy whose target is missing, of the other kind
// of queue, or unwilling. The wording of the last is not documented.
func (s *Server) checkRedrive(c *queueConfig, source string) *apiError {
	if c.redrive == nil {
		return nil
	}
	target := s.queueByARN(c.redrive.target)
	switch {
	case target == nil:
		return badValue(c.redrivePolicy, "RedrivePolicy", "Dead letter target does not exist.")
	case target.fifo != c.fifo:
		return badValue(c.redrivePolicy, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source.")
	case !target.config.redriveAllow.allows(source):
		return badValue(c.redrivePolicy, "RedrivePolicy", "Queue does not have permission to use the dead-letter queue. Check the dead-letter queue's redrive allow policy.")
	}
	return nil
}

// deadLetter moves m from q to its dead-letter queue if it was received as often as
// the redrive policy allows, and reports whether it did. SQS does so when the
// message would be received once more, not when its visibility timeout ends. If the
// dead-letter queue is gone, the message stays and is delivered.
func (s *Server) deadLetter(q *queue, m *message, now time.Time) bool {
	policy := q.config.redrive
	if policy == nil || m.receivesHere < policy.maxReceive {
		return false
	}
	target := s.queueByARN(policy.target)
	if target == nil || target == q {
		return false
	}
	q.remove(m)
	dead := copyOf(m)
	dead.source = q.arn
	if target.fifo {
		// The identifier makes way for the message's own, so that two messages that shared
		// one are both kept (DG sqs-configure-dead-letter-queue-redrive), and retention
		// starts anew; on standard queues it goes on (DG sqs-dead-letter-queues).
		dead.dedup = dead.id
		dead.enqueued = now
	}
	target.settle(now)
	target.add(dead, now, now)
	s.notify(target)
	return true
}
