package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/go-offload/lambda/lambdatest"
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
			c.queues.post(t, test.body)
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

// post puts a message into the queue, as anybody could who may write to it.
func (q *queues) post(tb testing.TB, body string) {
	tb.Helper()
	client := sqs.New(sqs.Options{
		BaseEndpoint: aws.String(q.server.URL()), Region: "us-east-1", HTTPClient: q.server.Client(),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
	if _, err := client.SendMessage(tb.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(q.tasks.URL()), MessageBody: aws.String(body)}); err != nil {
		tb.Fatal(err)
	}
}

// On a FIFO queue a task that fails holds up those behind it in its group, and nobody else.
func TestFIFO(t *testing.T) {
	t.Parallel()
	c := newCloudAndWorker(t, "sqs", config{fifo: true})
	var tasks []task
	want := map[string][]string{}
	for i := range 12 {
		group := "group-" + string(rune('a'+i%2))
		made := task{Name: fmt.Sprintf("%s-%d", group, i/2), Group: group, Portable: true}
		if made.Name == "group-a-1" {
			made.Do = "fail-once"
		}
		tasks = append(tasks, made)
		want[group] = append(want[group], made.Name)
	}
	c.ok(t, event{Tasks: tasks})
	c.settle(t)
	got := map[string][]string{}
	for _, r := range c.find(t, "ran", "", "") {
		group := r.Task[:len("group-a")]
		got[group] = append(got[group], r.Task)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
	if n := c.count(t, "began", "", ""); n != 13 {
		t.Errorf("%d attempts, want one for each task and a second for the one that failed; journal: %+v", n, c.records(t))
	}
}

// With a signing key a task that somebody else has made does not run, and ends as a dead letter. The previous
// key is good for what was sent before it was changed.
func TestSigning(t *testing.T) {
	t.Parallel()
	key := func(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32)) }
	signed := func(current, previous string) config {
		return config{Function: lambdatest.Function{Env: map[string]string{
			"OFFLOAD_SIGNING_KEY": current, "OFFLOAD_SIGNING_KEY_PREVIOUS": previous,
		}}}
	}
	c := newCloud(t, "sqs", signed(key(2), key(1)))
	c.ok(t, event{Tasks: portable("", "signed")})
	c.settle(t)
	c.did(t, "signed")

	// The same message, as another function would have signed it.
	for _, sender := range []struct {
		name   string
		key    string
		reason string
	}{
		{"before-the-change", key(1), ""},
		{"stranger", key(3), "wrong signature"},
		{"careless", "", "not signed"},
	} {
		other := newQueues(t, false) // nobody is mapped to it
		from := signed(sender.key, "")
		from.strategy = "sqs"
		f := start(t, other.around(from))
		if res := f.call(t, event{Tasks: portable("", sender.name)}); res.FunctionError != "" {
			t.Fatalf("%s", res.Payload)
		}
		c.queues.post(t, other.tasks.Snapshot().Messages[0].Body)
		c.settle(t)
		if sender.reason == "" {
			c.did(t, sender.name)
			continue
		}
		if c.count(t, "began", sender.name, "") != 0 || c.deadLetters(t)[sender.name] != 1 {
			t.Errorf("%s: %+v", sender.name, c.find(t, "", sender.name, ""))
		}
		contains(t, c.LogText(), sender.reason)
	}
}
