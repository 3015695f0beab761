package sqstest

import (
	"net/url"
	"regexp"
	"strings"
)

// require finds the queue a request names and settles it. Only account and name
// of the URL count: a container reaches the server by another host name than the
// test does. A bare name is a queue URL too, as it is for SQS. Callers hold s.mu.
func (s *Server) require(c *call, queueURL string) (*queue, *apiError) {
	if queueURL == "" {
		return nil, missingParameter("QueueUrl")
	}
	name, account := queueURL, s.opts.AccountID
	if u, err := url.Parse(queueURL); err != nil {
		return nil, kindInvalidAddress.errorf("The address %s is not valid for this endpoint.", queueURL)
	} else if u.Host != "" {
		parts := strings.Split(strings.Trim(u.Path, "/"), "/")
		if len(parts) != 2 {
			return nil, kindInvalidAddress.errorf("The address %s is not valid for this endpoint.", queueURL)
		}
		account, name = parts[0], parts[1]
	}
	q := s.queues[name]
	if q == nil || account != s.opts.AccountID {
		return nil, noSuchQueue()
	}
	q.settle(s.now())
	c.queue = q
	return q, nil
}

func noSuchQueue() *apiError {
	return kindQueueDoesNotExist.errorf("The specified queue does not exist.")
}

func (s *Server) queueURLOf(name string) string {
	return s.url + "/" + s.opts.AccountID + "/" + name
}

func (s *Server) queueARNOf(name string) string {
	return "arn:aws:sqs:" + s.opts.Region + ":" + s.opts.AccountID + ":" + name
}

// queueByARN finds a queue of this account and region, nil if there is none.
func (s *Server) queueByARN(arn string) *queue {
	name := arn[strings.LastIndexByte(arn, ':')+1:]
	if q := s.queues[name]; q != nil && q.arn == arn {
		return q
	}
	return nil
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

var (
	standardName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	fifoName     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,75}\.fifo$`)
	entryID      = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	fifoID       = regexp.MustCompile("^[A-Za-z0-9!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]{1,128}$")
)
