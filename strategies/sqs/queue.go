package sqs

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// ErrQueueURL means that the URL of the queue is missing or is no such URL.
var ErrQueueURL = errors.New("sqs: unusable queue URL")

// queue is what the URL of a queue says about it.
type queue struct {
	url  string
	fifo bool

	// region is empty unless the host is the public endpoint of a region.
	region string

	// endpoint is where to call a queue whose host is another one: a VPC endpoint, or
	// a stand-in on this machine.
	endpoint *string
}

func parseQueueURL(text string) (queue, error) {
	const example = "https://sqs.eu-central-1.amazonaws.com/123456789012/tasks"
	switch {
	case text == "":
		return queue{}, fmt.Errorf("%w: %s is not set; set it, or Options.QueueURL, to the URL of the queue, as in %s", ErrQueueURL, EnvQueueURL, example)
	case arn.IsARN(text):
		a, err := arn.Parse(text)
		if err == nil && a.Service == "sqs" {
			return queue{}, fmt.Errorf("%w: %q is the ARN; the URL is https://sqs.%s.amazonaws.com/%s/%s", ErrQueueURL, text, a.Region, a.AccountID, a.Resource)
		}
		return queue{}, fmt.Errorf("%w: %q is the ARN of something else", ErrQueueURL, text)
	}
	if err := awsclient.CheckURL(text); err != nil {
		return queue{}, fmt.Errorf("%w: %w; it should look like %s", ErrQueueURL, err, example)
	}
	u, err := url.Parse(text)
	if err != nil {
		return queue{}, fmt.Errorf("%w: %w", ErrQueueURL, err)
	}
	name := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if !isQueueName(name) {
		return queue{}, fmt.Errorf("%w: %q does not end in the name of a queue; it should look like %s", ErrQueueURL, text, example)
	}
	q := queue{url: text, fifo: strings.HasSuffix(name, fifoSuffix)}
	if q.region = regionOf(u.Host); q.region == "" {
		q.endpoint = aws.String(u.Scheme + "://" + u.Host)
	}
	return q, nil
}

const fifoSuffix = ".fifo"

// isQueueName is the rule of CreateQueue: up to 80 letters, digits, hyphens and
// underscores, of which ".fifo" may be the last five.
func isQueueName(name string) bool {
	if len(name) > 80 {
		return false
	}
	name = strings.TrimSuffix(name, fifoSuffix)
	for i := range len(name) {
		c := name[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}

// regionOf takes sqs.REGION.amazonaws.com, and the same under amazonaws.com.cn.
func regionOf(host string) string {
	rest, ok := strings.CutPrefix(host, "sqs.")
	if !ok {
		return ""
	}
	region, domain, ok := strings.Cut(rest, ".")
	if !ok || domain != "amazonaws.com" && domain != "amazonaws.com.cn" {
		return ""
	}
	return region
}
