package sqstest

import (
	"maps"
	"strings"
	"unicode/utf8"
)

type tagQueueInput struct {
	QueueURL string `json:"QueueUrl"`
	Tags     map[string]string
}

type untagQueueInput struct {
	QueueURL string `json:"QueueUrl"`
	TagKeys  []string
}

type listQueueTagsOutput struct {
	Tags map[string]string `json:",omitempty"`
}

func (s *Server) tagQueue(c *call, in *tagQueueInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tags")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	maps.Copy(q.tags, in.Tags)
	return nil, nil
}

func (s *Server) untagQueue(c *call, in *untagQueueInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, missingParameter("TagKeys")
	}
	for _, key := range in.TagKeys {
		delete(q.tags, key)
	}
	return nil, nil
}

func (s *Server) listQueueTags(c *call, in *queueURLInput) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.require(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	return listQueueTagsOutput{maps.Clone(q.tags)}, nil
}

// checkTags holds the limits of DG quotas-queues. That page advises against more than
// 50 tags and gives no limit; the wording of these errors is not documented.
func checkTags(tags map[string]string) *apiError {
	for key, value := range tags {
		switch n := utf8.RuneCountInString(key); {
		case n < 1 || n > maxTagKey:
			return kindInvalidParameterValue.errorf("Tag keys must be between 1 and %d characters in length.", maxTagKey)
		case utf8.RuneCountInString(value) > maxTagValue:
			return kindInvalidParameterValue.errorf("Tag values must be between 0 and %d characters in length.", maxTagValue)
		case strings.HasPrefix(key, "aws:") || strings.HasPrefix(value, "aws:"):
			return kindInvalidParameterValue.errorf("Tag keys and values must not begin with the reserved prefix aws:.")
		}
	}
	return nil
}
