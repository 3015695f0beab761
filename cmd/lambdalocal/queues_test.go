package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sqsCall makes a request to an SQS endpoint and returns the answer.
func sqsCall(t *testing.T, endpoint, action string, in map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", action, res.Status, answer, err)
	}
	var out map[string]any
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// untilAll reads lines until each pattern was seen, in any order: what several functions print is not in step.
func (p *program) untilAll(t *testing.T, patterns ...string) {
	t.Helper()
	for len(patterns) > 0 {
		p.until(t, strings.Join(patterns, "|"))
		lines := strings.Split(strings.TrimSpace(p.seen.String()), "\n")
		last := lines[len(lines)-1]
		patterns = slices.DeleteFunc(patterns, func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(last) })
	}
}

// end interrupts the program and wants it to end in peace.
func (p *program) end(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for p.lines.Scan() {
		p.seen.WriteString(p.lines.Text() + "\n")
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.seen.String())
	}
}

// The program serves queues, and their messages invoke the function; what fails too often is in the dead-letter queue.
func TestQueues(t *testing.T) {
	t.Parallel()
	p := start(t, "-listen", "127.0.0.1:0", "-queue", "orders,visibility=1s,dlq=dead,receives=2", "-map", "orders,batch=2,partial",
		"-timeout", "1s", "-env", "OFFLOAD_SQS_QUEUE_URL={queue:orders}", "-dir", "../../lambdatest", "-package", "./testdata/queue")
	endpoint := p.until(t, `^SQS API +(http\S+)  \(AWS_ENDPOINT_URL_SQS`)[1]
	dead := p.until(t, `^Queue +(http\S+/dead)  `)[1]
	orders := p.until(t, `^Queue +(http\S+/orders)  \(OFFLOAD_SQS_QUEUE_URL=\{queue:orders\}\)$`)[1]
	p.until(t, `^Mapped +`+orders+` to function$`)
	if !strings.HasPrefix(orders, endpoint+"/") {
		t.Errorf("queue %s is not at %s", orders, endpoint)
	}

	sqsCall(t, endpoint, "SendMessage", map[string]any{"QueueUrl": orders, "MessageBody": "fine"})
	p.until(t, ` sqs  BATCH RequestId: \S+ Queue: orders Messages: 1$`)
	p.until(t, ` message \S+ receive 1 body fine$`)
	p.until(t, ` BATCH END RequestId: \S+ Done: 1 Failed: 0$`)
	sqsCall(t, endpoint, "SendMessage", map[string]any{"QueueUrl": orders, "MessageBody": "item"})
	p.until(t, ` message \S+ receive 1 body item$`)
	p.until(t, ` BATCH END RequestId: \S+ Done: 0 Failed: 1$`)
	p.until(t, ` message \S+ receive 2 body item$`)
	p.until(t, ` BATCH END RequestId: \S+ Done: 0 Failed: 1$`)
	// The long poll ends when the message arrives there.
	out := sqsCall(t, endpoint, "ReceiveMessage", map[string]any{"QueueUrl": dead, "WaitTimeSeconds": 20})
	messages, _ := out["Messages"].([]any)
	if len(messages) != 1 || messages[0].(map[string]any)["Body"] != "item" {
		t.Errorf("dead letters: %v", out)
	}
	p.end(t)
	if strings.Contains(p.seen.String(), "cut off") || !strings.Contains(p.seen.String(), " SHUTDOWN SPINDOWN") {
		t.Errorf("no clean end:\n%s", p.seen.String())
	}
}

// A batch that does not end in time is cut off, and the program ends.
func TestEndDuringBatch(t *testing.T) {
	t.Parallel()
	p := start(t, "-listen", "127.0.0.1:0", "-sqs", "127.0.0.1:0", "-queue", "orders,visibility=1m", "-map", "orders", "-timeout", "1m",
		"-dir", "../../lambdatest", "-package", "./testdata/queue")
	orders := p.until(t, `^Queue +(http\S+/orders)  `)[1]
	sqsCall(t, orders, "SendMessage", map[string]any{"QueueUrl": orders, "MessageBody": "wait /nonexistent/file"})
	p.until(t, ` body wait `)
	p.end(t)
	if !strings.Contains(p.seen.String(), "a batch was cut off; its messages stay in the queue") {
		t.Errorf("nothing about the batch in\n%s", p.seen.String())
	}
}

// invokeEvent invokes a function asynchronously.
func invokeEvent(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"n":1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Invocation-Type", "Event")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		t.Errorf("asynchronous invocation: %s", res.Status)
	}
}
