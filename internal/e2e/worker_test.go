package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The same program as a function of its own that has no handler and no strategy.
func TestStartWorker(t *testing.T) {
	t.Parallel()
	for _, chain := range []string{"sqs", "invoke", "extension,sqs", "stream,invoke"} {
		t.Run(chain, func(t *testing.T) {
			t.Parallel()
			c := newCloudAndWorker(t, chain, config{})
			c.ok(t, event{Tasks: append(portable("fail-here", "one", "two"), portable("fail", "fails")...)})
			c.settle(t)
			c.did(t, "one", "two")
			c.failedFor(t, "task fails fails", "fails")
			for _, name := range []string{"one", "two"} {
				done := c.one(t, "done", name, "")
				if _, err := c.worker.WaitReport(t.Context(), done.Request); err != nil {
					t.Errorf("task %q was not done by the worker: %v", name, err)
				}
			}
			c.noFault(t)
		})
	}
}

// A worker takes tasks and nothing else, and says so.
func TestWorkerRefusesOtherEvents(t *testing.T) {
	t.Parallel()
	f := start(t, config{start: "worker"})
	for _, payload := range []any{event{}, "text", map[string]any{"Records": []any{}}} {
		res := f.call(t, payload)
		if res.FunctionError != "Unhandled" || !strings.Contains(string(res.Payload), "the event is not a task") {
			t.Errorf("%v: %q %s", payload, res.FunctionError, res.Payload)
		}
	}
}

// A message that cannot be run is never acknowledged: it ends as a dead letter, as it was, and the log says why.
func TestUnusableMessages(t *testing.T) {
	t.Parallel()
	const envelope = `{"specversion":"1.0","offloadversion":1,"id":"task-1","source":"urn:offload:f","type":"portable",` +
		`"time":"2026-11-22T10:30:00Z","datacontenttype":"application/json","offloadattempt":0,"offloadhops":1,"data":{"name":"task-1"}}`
	for name, test := range map[string]struct{ body, reason string }{
		"unknown task":    {strings.Replace(envelope, `"portable"`, `"nobody-knows"`, 1), "unknown task"},
		"newer envelope":  {strings.Replace(envelope, `"offloadversion":1`, `"offloadversion":2`, 1), "newer version"},
		"malformed":       {strings.Replace(envelope, `"offloadhops":1,`, ``, 1), "malformed envelope"},
		"other input":     {strings.Replace(envelope, `{"name":"task-1"}`, `[1,2]`, 1), "does not decode"},
		"no task at all":  {`{"order":"4711"}`, "the event is not a task"},
		"not even JSON":   {`hello`, "the event is not a task"},
		"one that is run": {envelope, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloudAndWorker(t, "sqs", config{})
			client := sqs.New(sqs.Options{
				BaseEndpoint: aws.String(c.server.URL()), Region: "us-east-1", HTTPClient: c.server.Client(),
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
				}),
			})
			if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(c.tasks.URL()), MessageBody: aws.String(test.body)}); err != nil {
				t.Fatal(err)
			}
			c.settle(t)
			dead := c.dead.Snapshot().Messages
			if test.reason == "" {
				c.one(t, "done", "task-1", "")
				if len(dead) != 0 {
					t.Errorf("dead letters: %+v", dead)
				}
				return
			}
			if len(dead) != 1 || dead[0].Body != test.body {
				t.Errorf("dead letters: %+v, want %s", dead, test.body)
			}
			contains(t, c.worker.LogText(), test.reason)
			if ran := c.find(t, "began", "", ""); len(ran) != 0 {
				t.Errorf("something ran: %+v", ran)
			}
		})
	}
}
