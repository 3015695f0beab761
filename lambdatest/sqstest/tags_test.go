package sqstest_test

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

var tagBehaviours = []behaviour{
	{name: "tags/add, overwrite, remove", run: func(e env) {
		url := e.queue("q", nil)
		e.tag(url, attrs{"a": "1", "A": "upper", "empty": ""})
		e.tag(url, attrs{"a": "2"})
		e.wantTags(url, attrs{"a": "2", "A": "upper", "empty": ""})
		if _, err := e.client.UntagQueue(e.Context(), &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: []string{"A", "never there"}}); err != nil {
			e.Fatal(err)
		}
		e.wantTags(url, attrs{"a": "2", "empty": ""})
	}},
	{name: "tags/on creation", run: func(e env) {
		out, err := e.client.CreateQueue(e.Context(), &sqs.CreateQueueInput{QueueName: aws.String(e.prefix + "q"), Tags: attrs{"k": "v"}})
		if err != nil {
			e.Fatal(err)
		}
		e.wantTags(*out.QueueUrl, attrs{"k": "v"})
	}},
	{name: "tags/limits", run: func(e env) {
		url := e.queue("q", nil)
		e.tag(url, attrs{strings.Repeat("ü", 128): strings.Repeat("ü", 256)})
		for _, bad := range []attrs{
			{strings.Repeat("k", 129): "v"},
			{"k": strings.Repeat("v", 257)},
			{"": "v"},
			{"aws:reserved": "v"},
		} {
			_, err := e.client.TagQueue(e.Context(), &sqs.TagQueueInput{QueueUrl: &url, Tags: bad})
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
}

func (e env) tag(url string, tags attrs) {
	e.Helper()
	if _, err := e.client.TagQueue(e.Context(), &sqs.TagQueueInput{QueueUrl: &url, Tags: tags}); err != nil {
		e.Fatalf("TagQueue: %v", err)
	}
}

func (e env) wantTags(url string, want attrs) {
	e.Helper()
	out, err := e.client.ListQueueTags(e.Context(), &sqs.ListQueueTagsInput{QueueUrl: &url})
	if err != nil {
		e.Fatalf("ListQueueTags: %v", err)
	}
	if !maps.Equal(out.Tags, want) {
		e.Errorf("tags = %v, want %v", out.Tags, want)
	}
}
