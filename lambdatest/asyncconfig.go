package lambdatest

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// AsyncConfig says what happens to the events of asynchronous invocations (invocation type Event), as
// FunctionEventInvokeConfig and DeadLetterConfig do on AWS ("Configuring error handling settings for Lambda
// asynchronous invocations" in the Developer Guide). The zero value has AWS's defaults.
type AsyncConfig struct {
	// MaximumRetryAttempts after the function failed, timed out or died: 0 to 2. Nil, the default: 2, the first a minute
	// after the failure and the second two minutes after the next. Throttles and failures of the service are retried
	// too, without using these up.
	MaximumRetryAttempts *int
	// MaximumEventAge is how long an event may wait before it is given up, from 60 s to 6 h. Default 6 h.
	MaximumEventAge time.Duration

	// OnSuccess and OnFailure are the ARNs of destinations for the record of an invocation: a standard SQS queue, found
	// at the function's SQSEndpoint, or a function of the same Service, which is invoked asynchronously.
	OnSuccess, OnFailure string
	// DeadLetterQueue is the ARN of a standard SQS queue for the events that failed, as they came in. A function may
	// have this and OnFailure.
	DeadLetterQueue string

	// Speedup makes the waits between attempts shorter than on AWS: with 1000, the minute before the first retry takes
	// 60 ms. The age of an event counts the whole minute. 0 and 1 wait as long as AWS does; Service.Advance cuts
	// waits short too. At most 1,000,000.
	Speedup float64
}

// Waits between the attempts of an asynchronous invocation ("Error handling for asynchronous invocation" in the
// Developer Guide).
const (
	firstAsyncRetry  = time.Minute
	secondAsyncRetry = 2 * time.Minute
	// minAsyncBackoff and maxAsyncBackoff bound the waits after throttles and failures of the service, which double each
	// time.
	minAsyncBackoff = time.Second
	maxAsyncBackoff = 5 * time.Minute

	defaultAsyncRetries = 2
	minEventAge         = time.Minute
	maxEventAge         = 6 * time.Hour
	maxSpeedup          = 1e6
)

// retries is MaximumRetryAttempts with its default.
func (c AsyncConfig) retries() int {
	if c.MaximumRetryAttempts == nil {
		return defaultAsyncRetries
	}
	return *c.MaximumRetryAttempts
}

func (c AsyncConfig) withDefaults() AsyncConfig {
	if c.MaximumRetryAttempts != nil {
		c.MaximumRetryAttempts = new(*c.MaximumRetryAttempts)
	}
	if c.MaximumEventAge == 0 {
		c.MaximumEventAge = maxEventAge
	}
	if c.Speedup == 0 {
		c.Speedup = 1
	}
	return c
}

func (c AsyncConfig) check(sqsEndpoint string) error {
	if n := c.retries(); n < 0 || n > defaultAsyncRetries {
		return fmt.Errorf("function field Async.MaximumRetryAttempts is %d, want 0 to %d", n, defaultAsyncRetries)
	}
	if c.MaximumEventAge < minEventAge || c.MaximumEventAge > maxEventAge {
		return fmt.Errorf("function field Async.MaximumEventAge is %v, want %v to %v", c.MaximumEventAge, minEventAge, maxEventAge)
	}
	if !(c.Speedup >= 1 && c.Speedup <= maxSpeedup) { // not a number neither
		return fmt.Errorf("function field Async.Speedup is %v, want 1 to %v", c.Speedup, maxSpeedup)
	}
	for _, d := range []struct {
		field, arn string
		function   bool
	}{
		{"OnSuccess", c.OnSuccess, true},
		{"OnFailure", c.OnFailure, true},
		{"DeadLetterQueue", c.DeadLetterQueue, false},
	} {
		if d.arn == "" {
			continue
		}
		target, err := parseTarget(d.arn)
		switch {
		case err != nil:
		case target.queue == "" && !d.function:
			err = errors.New("a dead-letter queue is an SQS queue here")
		case target.queue != "" && sqsEndpoint == "":
			err = errors.New("set SQSEndpoint of the Function, or of the Options, to where the queue is")
		}
		if err != nil {
			return fmt.Errorf("function field Async.%s: %w", d.field, err)
		}
	}
	return nil
}

// asyncTarget is where a record or a dead letter goes: one of the two.
type asyncTarget struct {
	queue    string // name
	account  string // of the queue
	function string // name
}

var (
	queueARN    = regexp.MustCompile(`^arn:aws[a-z-]*:sqs:[a-z0-9-]+:([0-9]{12}):([a-zA-Z0-9_.-]{1,80})$`)
	functionARN = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:([a-zA-Z0-9_-]{1,64})(?::\$LATEST)?$`)
)

func parseTarget(arn string) (asyncTarget, error) {
	if m := queueARN.FindStringSubmatch(arn); m != nil {
		if strings.HasSuffix(m[2], ".fifo") {
			return asyncTarget{}, fmt.Errorf("%s is a FIFO queue, which asynchronous invocations do not support", arn)
		}
		return asyncTarget{queue: m[2], account: m[1]}, nil
	}
	if m := functionARN.FindStringSubmatch(arn); m != nil {
		return asyncTarget{function: m[1]}, nil
	}
	return asyncTarget{}, fmt.Errorf("%q is neither the ARN of an SQS queue nor that of a function without a version", arn)
}

// checkEndpoint accepts the URL of an HTTP server, or none.
func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("%q is no URL: %w", endpoint, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q is no URL of an HTTP server", endpoint)
	}
	return nil
}
