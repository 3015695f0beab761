package sqstest

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"
)

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

type queueURLInput struct {
	QueueURL string `json:"QueueUrl"`
}

type queueURLOutput struct {
	QueueURL string `json:"QueueUrl"`
}

func (s *Server) createQueue(c *call, in *createQueueInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.create(in)
	if err != nil {
		return nil, err
	}
	c.queue = q
	return queueURLOutput{q.url}, nil
}

// CreateQueue creates a queue and returns its URL, with the rules and errors of the
// API action: the same name with the same attributes returns the existing queue.
// The error says the API's code and message.
func (s *Server) CreateQueue(name string, attributes map[string]string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.create(&createQueueInput{QueueName: name, Attributes: attributes})
	if err != nil {
		return "", err
	}
	return q.url, nil
}

func (s *Server) create(in *createQueueInput) (*queue, *apiError) {
	if in.QueueName == "" {
		return nil, missingParameter("QueueName")
	}
	fifo := strings.EqualFold(in.Attributes["FifoQueue"], "true")
	if fifo && !fifoName.MatchString(in.QueueName) {
		return nil, kindInvalidParameterValue.errorf("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	}
	if !fifo && !standardName.MatchString(in.QueueName) {
		return nil, kindInvalidParameterValue.errorf("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	arn := s.queueARNOf(in.QueueName)
	config := defaultConfig(fifo)
	if err := config.set(in.Attributes); err != nil {
		return nil, err
	}
	if err := s.checkRedrive(&config, arn); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if q := s.queues[in.QueueName]; q != nil {
		return q, s.sameAttributes(q, &config, in.Attributes)
	}
	now := s.now()
	if until, ok := s.deleted[in.QueueName]; ok && now.Before(until) {
		return nil, kindQueueDeletedRecently.errorf("You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	delete(s.deleted, in.QueueName)
	s.queueSeq++
	q := newQueue(s.queueSeq, in.QueueName, s.queueURLOf(in.QueueName), arn, config, now)
	maps.Copy(q.tags, in.Tags)
	s.queues[q.name] = q
	s.notify(q)
	return q, nil
}

// sameAttributes lets a second CreateQueue pass if what it asks for is what the queue
// has now; attributes it leaves out may be anything.
func (s *Server) sameAttributes(q *queue, config *queueConfig, asked map[string]string) *apiError {
	have, want := q.config.attributes(), config.attributes()
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if have[name] != want[name] {
			return kindQueueNameExists.errorf("A queue already exists with the same name and a different value for attribute %s", name)
		}
	}
	return nil
}

func (s *Server) deleteQueue(c *call, in *queueURLInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	delete(s.queues, q.name)
	now := s.now()
	maps.DeleteFunc(s.deleted, func(_ string, until time.Time) bool { return !now.Before(until) })
	s.deleted[q.name] = now.Add(recreateDelay)
	s.notify(q)
	return nil, nil
}

type getQueueURLInput struct {
	QueueName              string
	QueueOwnerAWSAccountID string `json:"QueueOwnerAWSAccountId"`
}

func (s *Server) getQueueURL(c *call, in *getQueueURLInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.QueueName == "" {
		return nil, missingParameter("QueueName")
	}
	q := s.queues[in.QueueName]
	if q == nil || in.QueueOwnerAWSAccountID != "" && in.QueueOwnerAWSAccountID != s.opts.AccountID {
		return nil, noSuchQueue()
	}
	c.queue = q
	return queueURLOutput{q.url}, nil
}

type listQueuesInput struct {
	QueueNamePrefix string
	MaxResults      *int
	NextToken       string
}

type listQueuesOutput struct {
	QueueURLs []string `json:"QueueUrls,omitempty"`
	NextToken string   `json:",omitempty"`
}

func (s *Server) listQueues(_ *call, in *listQueuesInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	urls, next, err := s.page(in.MaxResults, in.NextToken, func(q *queue) bool {
		return strings.HasPrefix(q.name, in.QueueNamePrefix)
	})
	if err != nil {
		return nil, err
	}
	return listQueuesOutput{urls, next}, nil
}

type listSourcesInput struct {
	QueueURL   string `json:"QueueUrl"`
	MaxResults *int
	NextToken  string
}

type listSourcesOutput struct {
	QueueURLs []string `json:"queueUrls"`
	NextToken string   `json:",omitempty"`
}

func (s *Server) listDeadLetterSourceQueues(c *call, in *listSourcesInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	target, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	urls, next, err := s.page(in.MaxResults, in.NextToken, target.isDeadLetterQueueOf)
	if err != nil {
		return nil, err
	}
	if urls == nil {
		urls = []string{}
	}
	return listSourcesOutput{urls, next}, nil
}

func (q *queue) isDeadLetterQueueOf(source *queue) bool {
	return source.config.redrive != nil && source.config.redrive.target == q.arn
}

// page lists queues by name. There is a next token only if the caller set a maximum.
func (s *Server) page(maxResults *int, token string, match func(*queue) bool) (urls []string, next string, err *apiError) {
	limit := maxListResults
	if maxResults != nil {
		limit = *maxResults
		if limit < 1 || limit > maxListResults {
			return nil, "", badValue(limit, "MaxResults", "MaxResults must be an integer between 1 and 1000.")
		}
	}
	after, decodeErr := base64.StdEncoding.DecodeString(token)
	if decodeErr != nil {
		return nil, "", kindInvalidParameterValue.errorf("Invalid or expired next token.")
	}
	last := ""
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		if name <= string(after) && token != "" || !match(s.queues[name]) {
			continue
		}
		if len(urls) == limit {
			if maxResults != nil {
				next = base64.StdEncoding.EncodeToString([]byte(last))
			}
			break
		}
		urls = append(urls, s.queues[name].url)
		last = name
	}
	return urls, next, nil
}

func (s *Server) purgeQueue(c *call, in *queueURLInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	now := s.now()
	if !q.purged.IsZero() && now.Sub(q.purged) < purgeInterval {
		return nil, kindPurgeQueueInProgress.errorf("Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.purged = now
	q.clear()
	s.notify(q)
	return nil, nil
}
