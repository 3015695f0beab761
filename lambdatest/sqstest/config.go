package sqstest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queueConfig is what the attributes of a queue say. Values, not text, decide
// whether two configurations are equal: "True" and "true" are.
type queueConfig struct {
	fifo           bool
	delay          time.Duration
	visibility     time.Duration
	retention      time.Duration
	wait           time.Duration
	maxMessageSize int

	contentDedup    bool
	dedupScope      string // "queue" or "messageGroup"
	throughputLimit string // "perQueue" or "perMessageGroupId"

	policy             string
	redrivePolicy      string
	redrive            *redrivePolicy
	redriveAllowPolicy string
	redriveAllow       *redriveAllowPolicy

	kmsKey     string
	kmsReuse   int // seconds, 0 if not set
	managedSSE bool
}

func defaultConfig(fifo bool) queueConfig {
	c := queueConfig{
		fifo:           fifo,
		visibility:     defaultVisibility,
		retention:      defaultRetention,
		maxMessageSize: maxMessageBytes,
		managedSSE:     true,
	}
	if fifo {
		c.dedupScope, c.throughputLimit = scopeQueue, limitPerQueue
	}
	return c
}

const (
	scopeQueue    = "queue"
	scopeGroup    = "messageGroup"
	limitPerQueue = "perQueue"
	limitPerGroup = "perMessageGroupId"
)

// set applies attributes as CreateQueue and SetQueueAttributes take them. The order
// is by name, so that the same mistake always gets the same answer.
func (c *queueConfig) set(attributes map[string]string) *apiError {
	_, kms := attributes["KmsMasterKeyId"]
	if sse, ok := attributes["SqsManagedSseEnabled"]; ok && kms && strings.EqualFold(sse, "true") {
		return kindInvalidAttributeName.errorf("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := c.setOne(name, attributes[name]); err != nil {
			return err
		}
	}
	if c.throughputLimit == limitPerGroup && c.dedupScope != scopeGroup {
		return kindInvalidAttributeValue.errorf("Invalid value for the parameter FifoThroughputLimit. Reason: perMessageGroupId is allowed only when DeduplicationScope is messageGroup.")
	}
	return nil
}

func (c *queueConfig) setOne(name, value string) *apiError {
	switch name {
	case "DelaySeconds":
		return setSeconds(&c.delay, name, value, 0, maxDelay)
	case "VisibilityTimeout":
		return setSeconds(&c.visibility, name, value, 0, maxVisibility)
	case "MessageRetentionPeriod":
		return setSeconds(&c.retention, name, value, minRetention, maxRetention)
	case "ReceiveMessageWaitTimeSeconds":
		return setSeconds(&c.wait, name, value, 0, maxWait)
	case "MaximumMessageSize":
		return setInt(&c.maxMessageSize, name, value, minMessageBytes, maxMessageBytes)
	case "Policy":
		if value != "" && !json.Valid([]byte(value)) {
			return invalidAttribute(name)
		}
		c.policy = value
	case "RedrivePolicy":
		return c.setRedrivePolicy(value)
	case "RedriveAllowPolicy":
		return c.setRedriveAllowPolicy(value)
	case "KmsMasterKeyId":
		c.kmsKey = value
		if value != "" { // and it stays off when the key is taken away again
			c.managedSSE = false
		}
	case "KmsDataKeyReusePeriodSeconds":
		return setInt(&c.kmsReuse, name, value, 60, 86_400)
	case "SqsManagedSseEnabled":
		if err := setBool(&c.managedSSE, name, value); err != nil {
			return err
		}
		if c.managedSSE {
			c.kmsKey = ""
		}
	default:
		return c.setFIFO(name, value)
	}
	return nil
}

// setFIFO sets the attributes that only FIFO queues have.
func (c *queueConfig) setFIFO(name, value string) *apiError {
	switch name {
	case "FifoQueue":
		if !c.fifo {
			return unknownAttribute(name)
		}
		fifo := false
		if err := setBool(&fifo, name, value); err != nil {
			return err
		}
		if !fifo {
			return kindInvalidAttributeValue.errorf("Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
		}
	case "ContentBasedDeduplication":
		if !c.fifo {
			return unknownAttribute(name)
		}
		return setBool(&c.contentDedup, name, value)
	case "DeduplicationScope":
		return c.setChoice(&c.dedupScope, name, value, scopeQueue, scopeGroup)
	case "FifoThroughputLimit":
		return c.setChoice(&c.throughputLimit, name, value, limitPerQueue, limitPerGroup)
	default:
		return unknownAttribute(name)
	}
	return nil
}

func (c *queueConfig) setChoice(field *string, name, value string, choices ...string) *apiError {
	if !c.fifo {
		return kindInvalidAttributeName.errorf("You can specify the %s only when FifoQueue is set to true.", name)
	}
	if !slices.Contains(choices, value) {
		return invalidAttribute(name)
	}
	*field = value
	return nil
}

func setSeconds(field *time.Duration, name, value string, least, most time.Duration) *apiError {
	seconds := 0
	if err := setInt(&seconds, name, value, int(least/time.Second), int(most/time.Second)); err != nil {
		return err
	}
	*field = time.Duration(seconds) * time.Second
	return nil
}

func setInt(field *int, name, value string, least, most int) *apiError {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return invalidAttribute(name)
	}
	*field = n
	return nil
}

func setBool(field *bool, name, value string) *apiError {
	switch {
	case strings.EqualFold(value, "true"):
		*field = true
	case strings.EqualFold(value, "false"):
		*field = false
	default:
		return invalidAttribute(name)
	}
	return nil
}

func invalidAttribute(name string) *apiError {
	return kindInvalidAttributeValue.errorf("Invalid value for the parameter %s.", name)
}

func unknownAttribute(name string) *apiError {
	return kindInvalidAttributeName.errorf("Unknown Attribute %s.", name)
}
