package sqs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/sqs"
)

const (
	standardURL = "https://sqs.eu-central-1.amazonaws.com/123456789012/tasks"
	fifoURL     = standardURL + ".fifo"
)

func TestRegistered(t *testing.T) {
	t.Parallel()
	s, ok := driver.New("sqs")
	if !ok {
		t.Fatal("no strategy of the name sqs")
	}
	if _, ok := s.(driver.Sender); !ok || s.Name() != "sqs" {
		t.Errorf("%T is no sender of the name sqs", s)
	}
	if _, ok := s.(driver.Thawer); !ok {
		t.Errorf("%T does not drop its connections after a freeze", s)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts *sqs.Options
		env  map[string]string
		want []string // what the message must say
	}{
		"no URL":           {nil, nil, []string{"OFFLOAD_SQS_QUEUE_URL is not set", "Options.QueueURL", "https://sqs."}},
		"ARN":              {nil, url("arn:aws:sqs:us-east-1:123456789012:tasks"), []string{"https://sqs.us-east-1.amazonaws.com/123456789012/tasks"}},
		"ARN of a topic":   {nil, url("arn:aws:sns:us-east-1:123456789012:tasks"), []string{"ARN of something else"}},
		"name":             {nil, url("tasks"), []string{"absolute"}},
		"no queue":         {nil, url("https://sqs.eu-central-1.amazonaws.com/"), []string{"name of a queue"}},
		"bad name":         {nil, url(standardURL + ".txt"), []string{"name of a queue"}},
		"fifo and no name": {nil, url("https://sqs.eu-central-1.amazonaws.com/123456789012/.fifo"), []string{"name of a queue"}},
		"long name":        {nil, url("https://sqs.eu-central-1.amazonaws.com/123456789012/" + strings.Repeat("q", 81)), []string{"name of a queue"}},
		"query":            {nil, url(standardURL + "?x=1"), []string{"query"}},
		"other scheme":     {nil, url("ftp://sqs.example/1/tasks"), []string{"http"}},
		"user":             {nil, url("https://user@sqs.example/1/tasks"), []string{"absolute"}},
		"broken URL":       {nil, url("https://sqs.example/%zz"), []string{"escape"}},
		"no region":        {nil, with(url("https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/123456789012/tasks"), "AWS_REGION", ""), []string{"AWS_REGION is not set"}},
		"no credentials":   {nil, with(url(standardURL), "AWS_ACCESS_KEY_ID", ""), []string{"AWS_ACCESS_KEY_ID", "Options.Client"}},
		"bad endpoint":     {nil, with(url(standardURL), "AWS_ENDPOINT_URL_SQS", "localhost:1"), []string{"AWS_ENDPOINT_URL_SQS"}},
		"small messages":   {&sqs.Options{QueueURL: standardURL, MaxMessageBytes: 1023}, nil, []string{"MaxMessageBytes is 1023", "1024"}},
		"large messages":   {&sqs.Options{QueueURL: standardURL, MaxMessageBytes: 1<<20 + 1}, nil, []string{"MaxMessageBytes is 1048577"}},
		"concurrency":      {&sqs.Options{QueueURL: standardURL, Concurrency: -1}, nil, []string{"Concurrency is -1"}},
	} {
		err := sqs.New(c.opts).Open(context.Background(), lambdaenv.New(c.env))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, want := range append(c.want, "sqs: ") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error does not say %q: %v", name, want, err)
			}
		}
	}
}

func url(u string) map[string]string { return map[string]string{sqs.EnvQueueURL: u} }

func with(env map[string]string, key, value string) map[string]string {
	env[key] = value
	return env
}

func TestLimits(t *testing.T) {
	t.Parallel()
	standard := driver.Limits{
		MessageBytes: 1_048_576, BatchBytes: 1_048_576, BatchEntries: 10, Concurrency: 10, MaxDelay: 15 * time.Minute,
	}
	fifo := standard
	fifo.MaxDelay, fifo.Ordered = 0, true
	small := standard
	small.MessageBytes, small.Concurrency = 262_144, 2
	for name, c := range map[string]struct {
		opts sqs.Options
		want driver.Limits
	}{
		"standard": {sqs.Options{QueueURL: standardURL}, standard},
		"fifo":     {sqs.Options{QueueURL: fifoURL}, fifo},
		"options":  {sqs.Options{QueueURL: standardURL, MaxMessageBytes: 256 << 10, Concurrency: 2}, small},
	} {
		if got := open(t, "https://nobody.example/1/other", &c.opts).Limits(); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
