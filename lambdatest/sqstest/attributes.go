package sqstest

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

type getAttributesInput struct {
	QueueURL       string `json:"QueueUrl"`
	AttributeNames []string
}

type getAttributesOutput struct {
	Attributes map[string]string `json:",omitempty"`
}

type setAttributesInput struct {
	QueueURL   string `json:"QueueUrl"`
	Attributes map[string]string
}

// readable are the attribute names of the service model.
var readable = []string{
	"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
	"ContentBasedDeduplication", "CreatedTimestamp", "DeduplicationScope", "DelaySeconds", "FifoQueue",
	"FifoThroughputLimit", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "LastModifiedTimestamp",
	"MaximumMessageSize", "MessageRetentionPeriod", "Policy", "QueueArn", "ReceiveMessageWaitTimeSeconds",
	"RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout",
}

func (s *Server) getQueueAttributes(c *call, in *getAttributesInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	all := q.attributes()
	if slices.Contains(in.AttributeNames, "All") {
		return getAttributesOutput{all}, nil
	}
	asked := map[string]string{}
	for _, name := range in.AttributeNames {
		if !slices.Contains(readable, name) {
			return nil, unknownAttribute(name)
		}
		if value, ok := all[name]; ok {
			asked[name] = value
		}
	}
	return getAttributesOutput{asked}, nil
}

func (s *Server) setQueueAttributes(c *call, in *setAttributesInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.Attributes == nil {
		return nil, missingParameter("Attributes")
	}
	config := q.config // all or nothing: a bad attribute leaves the others as they were
	if err := config.set(in.Attributes); err != nil {
		return nil, err
	}
	if _, ok := in.Attributes["RedrivePolicy"]; ok {
		if err := s.checkRedrive(&config, q.arn); err != nil {
			return nil, err
		}
	}
	now := s.now()
	q.config, q.changed = config, now
	if _, ok := in.Attributes["DelaySeconds"]; ok {
		q.applyDelay(now)
	}
	s.notify(q)
	return nil, nil
}

// attributes are all attributes of the queue, as GetQueueAttributes returns them.
func (q *queue) attributes() map[string]string {
	a := q.config.attributes()
	maps.Copy(a, map[string]string{
		"ApproximateNumberOfMessages":           strconv.Itoa(q.counts[stateReady]),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(q.counts[stateInFlight]),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(q.counts[stateDelayed]),
		"CreatedTimestamp":                      strconv.FormatInt(q.created.Unix(), 10),
		"LastModifiedTimestamp":                 strconv.FormatInt(q.changed.Unix(), 10),
		"QueueArn":                              q.arn,
	})
	return a
}

// attributes are those that CreateQueue and SetQueueAttributes set, in one spelling
// each. Empty ones are left out.
func (c *queueConfig) attributes() map[string]string {
	a := map[string]string{
		"DelaySeconds":                  seconds(c.delay),
		"VisibilityTimeout":             seconds(c.visibility),
		"MessageRetentionPeriod":        seconds(c.retention),
		"ReceiveMessageWaitTimeSeconds": seconds(c.wait),
		"MaximumMessageSize":            strconv.Itoa(c.maxMessageSize),
		"SqsManagedSseEnabled":          strconv.FormatBool(c.managedSSE),
	}
	for name, value := range map[string]string{
		"Policy":             c.policy,
		"RedrivePolicy":      c.redrivePolicy,
		"RedriveAllowPolicy": c.redriveAllowPolicy,
		"KmsMasterKeyId":     c.kmsKey,
	} {
		if value != "" {
			a[name] = value
		}
	}
	if c.kmsKey != "" {
		a["KmsDataKeyReusePeriodSeconds"] = "300" // API CreateQueue: the default
		if c.kmsReuse != 0 {
			a["KmsDataKeyReusePeriodSeconds"] = strconv.Itoa(c.kmsReuse)
		}
	}
	if c.fifo {
		a["FifoQueue"] = "true"
		a["ContentBasedDeduplication"] = strconv.FormatBool(c.contentDedup)
		a["DeduplicationScope"] = c.dedupScope
		a["FifoThroughputLimit"] = c.throughputLimit
	}
	return a
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
