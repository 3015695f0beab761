package sqstest_test

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// withDLQ makes a queue whose messages become visible again at once, and its dead-letter queue.
func (e env) withDLQ(maxReceive int) (source, dlq string) {
	e.Helper()
	dlq = e.queue("dlq", nil)
	source = e.queue("source", attrs{"VisibilityTimeout": "0", "RedrivePolicy": redrivePolicy(e.arn(dlq), maxReceive)})
	return source, dlq
}

var redriveBehaviours = []behaviour{
	{name: "redrive/after maxReceiveCount receives", run: func(e env) {
		source, dlq := e.withDLQ(2)
		sent := e.send(source, "poison", with("k", text("v")), trace(aTrace))
		e.one(source)
		e.one(source)
		e.wantCounts(dlq, 0, 0, 0)
		e.none(source)
		e.wantCounts(source, 0, 0, 0)
		m := e.one(dlq, allAttributes)
		if *m.MessageId != *sent.MessageId || *m.Body != "poison" || aws.ToString(m.MessageAttributes["k"].StringValue) != "v" {
			e.Errorf("the dead letter is %+v", m)
		}
		if got := m.Attributes["DeadLetterQueueSourceArn"]; got != e.arn(source) {
			e.Errorf("DeadLetterQueueSourceArn = %s", got)
		}
		if got := m.Attributes["ApproximateReceiveCount"]; got != "3" {
			e.Errorf("ApproximateReceiveCount = %s, want 3: it counts across queues", got)
		}
		if got := m.Attributes["AWSTraceHeader"]; got != aTrace {
			e.Errorf("AWSTraceHeader = %q", got)
		}
	}},
	{name: "redrive/the receive that finds a dead letter returns the next message", run: func(e env) {
		source, _ := e.withDLQ(1)
		e.send(source, "dead")
		e.one(source)
		e.send(source, "alive")
		if m := e.one(source); *m.Body != "alive" {
			e.Errorf("received %q", *m.Body)
		}
	}},
	{name: "redrive/a long poll of the dead-letter queue ends", run: func(e env) {
		source, dlq := e.withDLQ(1)
		e.send(source, "dead")
		e.one(source)
		e.wantWithin(time.Second, 5*time.Second, func() { e.one(dlq, waiting(20)) }, func() {
			e.pass(time.Second)
			e.none(source)
		})
	}},
	{name: "redrive/FIFO", run: func(e env) {
		dlq := e.fifo("dlq", nil)
		source := e.fifo("source", attrs{"VisibilityTimeout": "0", "RedrivePolicy": redrivePolicy(e.arn(dlq), 1)})
		sent := e.send(source, "dead", group("g"), dedup("d"))
		e.send(source, "next", group("g"))
		e.one(source, atMost(1))
		e.wantReceive(source, 1, "next") // the group goes on without the dead letter
		m := e.one(dlq, allAttributes)
		if *m.MessageId != *sent.MessageId || m.Attributes["MessageGroupId"] != "g" {
			e.Errorf("the dead letter is %+v", m)
		}
		if got := m.Attributes["MessageDeduplicationId"]; got != *sent.MessageId {
			e.Errorf("MessageDeduplicationId = %q, want the message ID", got)
		}
		e.send(source, "another", group("g"))
		e.wantReceive(source, 1, "another")
	}},
	{name: "redrive/policy is checked", run: func(e env) {
		dlq, fifo, url := e.queue("dlq", nil), e.fifo("fifo", nil), e.queue("q", nil)
		arn := e.arn(dlq)
		for _, bad := range []string{
			`{"deadLetterTargetArn":"` + arn + `"}`,
			`{"maxReceiveCount":5}`,
			`not JSON`,
			`{"deadLetterTargetArn":"dummy","maxReceiveCount":5}`,
			redrivePolicy(arn, 0),
			redrivePolicy(arn, 1001),
			`{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":"many"}`,
			redrivePolicy(arn+"-missing", 5),
			redrivePolicy(e.arn(fifo), 5),
		} {
			err := e.trySet(url, attrs{"RedrivePolicy": bad})
			if err == nil {
				e.Errorf("policy %s is accepted", bad)
				continue
			}
			wantCode(e, err, "InvalidParameterValue")
		}
		for _, ok := range []string{redrivePolicy(arn, 1), redrivePolicy(arn, 1000), `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":"5"}`} {
			e.set(url, attrs{"RedrivePolicy": ok})
			e.wantSome(url, attrs{"RedrivePolicy": ok})
		}
		e.set(url, attrs{"RedrivePolicy": ""})
		e.wantSome(url, attrs{"RedrivePolicy": ""})
	}},
	{name: "redrive/allow policy", run: func(e env) {
		url := e.queue("q", nil)
		for name, allow := range map[string]string{
			"all":   `{"redrivePermission":"allowAll"}`,
			"named": `{"redrivePermission":"byQueue","sourceQueueArns":["` + e.arn(url) + `"]}`,
		} {
			dlq := e.queue(name, attrs{"RedriveAllowPolicy": allow})
			if err := e.trySet(url, attrs{"RedrivePolicy": redrivePolicy(e.arn(dlq), 5)}); err != nil {
				e.Errorf("%s: %v", name, err)
			}
		}
		for name, allow := range map[string]string{
			"nobody": `{"redrivePermission":"denyAll"}`,
			"others": `{"redrivePermission":"byQueue","sourceQueueArns":["` + e.arn(url) + `-not"]}`,
		} {
			dlq := e.queue(name, attrs{"RedriveAllowPolicy": allow})
			wantCode(e, e.trySet(url, attrs{"RedrivePolicy": redrivePolicy(e.arn(dlq), 5)}), "InvalidParameterValue")
		}
		for _, bad := range []string{`not JSON`, `{}`, `{"redrivePermission":"maybe"}`, `{"redrivePermission":"byQueue"}`, `{"redrivePermission":"denyAll","sourceQueueArns":["x"]}`} {
			err := e.trySet(url, attrs{"RedriveAllowPolicy": bad})
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
}
