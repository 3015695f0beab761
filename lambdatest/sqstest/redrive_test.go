package sqstest_test

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
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

func (e env) startMove(source string, more ...func(*sqs.StartMessageMoveTaskInput)) (string, error) {
	in := &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(e.arn(source))}
	for _, f := range more {
		f(in)
	}
	out, err := e.client.StartMessageMoveTask(e.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.TaskHandle, nil
}

func destination(arn string) func(*sqs.StartMessageMoveTaskInput) {
	return func(in *sqs.StartMessageMoveTaskInput) { in.DestinationArn = &arn }
}

func rate(n int32) func(*sqs.StartMessageMoveTaskInput) {
	return func(in *sqs.StartMessageMoveTaskInput) { in.MaxNumberOfMessagesPerSecond = &n }
}

func (e env) moves(source string, most int32) []types.ListMessageMoveTasksResultEntry {
	e.Helper()
	out, err := e.client.ListMessageMoveTasks(e.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(e.arn(source)), MaxResults: &most})
	if err != nil {
		e.Fatalf("ListMessageMoveTasks: %v", err)
	}
	return out.Results
}

// wantMove waits until the latest task of source has a status, and returns it.
func (e env) wantMove(source, status string) types.ListMessageMoveTasksResultEntry {
	e.Helper()
	for range 100 {
		if got := e.moves(source, 1); len(got) == 1 && *got[0].Status == status {
			return got[0]
		}
		e.pass(100 * time.Millisecond)
	}
	e.Fatalf("the move task is %+v, want it %s", e.moves(source, 1), status)
	panic("unreachable")
}

// deadLetters fills a dead-letter queue with n messages that came from its source.
func (e env) deadLetters(n int) (source, dlq string) {
	e.Helper()
	source, dlq = e.withDLQ(1)
	for i := range n {
		e.send(source, fmt.Sprintf("m%02d", i))
	}
	for i := 0; i < n; i += 10 {
		e.receive(source)
	}
	e.none(source)
	e.wantCounts(dlq, n, 0, 0)
	return source, dlq
}

var moveBehaviours = []behaviour{
	{name: "move/back to the source", run: func(e env) {
		source, dlq := e.deadLetters(2)
		if _, err := e.startMove(dlq); err != nil {
			e.Fatal(err)
		}
		got := e.wantMove(dlq, "COMPLETED")
		if got.ApproximateNumberOfMessagesMoved != 2 || aws.ToInt64(got.ApproximateNumberOfMessagesToMove) != 2 ||
			got.TaskHandle != nil || got.DestinationArn != nil || got.MaxNumberOfMessagesPerSecond != nil || got.StartedTimestamp == 0 {
			e.Errorf("task = %+v", got)
		}
		e.wantCounts(dlq, 0, 0, 0)
		m := e.one(source, atMost(1), allAttributes)
		if *m.Body != "m00" || m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["DeadLetterQueueSourceArn"] != "" {
			e.Errorf("the redriven message is %s %v, want a new one", *m.Body, m.Attributes)
		}
	}},
	{name: "move/to another queue", run: func(e env) {
		_, dlq := e.deadLetters(3)
		other := e.queue("other", nil)
		if _, err := e.startMove(dlq, destination(e.arn(other))); err != nil {
			e.Fatal(err)
		}
		if got := e.wantMove(dlq, "COMPLETED"); aws.ToString(got.DestinationArn) != e.arn(other) {
			e.Errorf("task = %+v", got)
		}
		e.wantReceive(other, 10, "m00 m01 m02")
	}},
	{name: "move/at a rate, cancelled", run: func(e env) {
		source, dlq := e.deadLetters(10)
		handle, err := e.startMove(dlq, rate(1))
		if err != nil {
			e.Fatal(err)
		}
		_, err = e.startMove(dlq)
		wantCode(e, err, "InvalidParameterValue") // one at a time
		e.pass(1500 * time.Millisecond)
		running := e.wantMove(dlq, "RUNNING")
		if running.ApproximateNumberOfMessagesMoved < 1 || running.ApproximateNumberOfMessagesMoved > 4 || aws.ToString(running.TaskHandle) != handle || aws.ToInt32(running.MaxNumberOfMessagesPerSecond) != 1 {
			e.Errorf("task = %+v, want 2 or so moved after 1.5 s", running)
		}
		out, err := e.client.CancelMessageMoveTask(e.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
		if err != nil {
			e.Fatal(err)
		}
		after := e.wantMove(dlq, "CANCELLED")
		if after.ApproximateNumberOfMessagesMoved < out.ApproximateNumberOfMessagesMoved || after.TaskHandle != nil {
			e.Errorf("task = %+v after a cancel at %d", after, out.ApproximateNumberOfMessagesMoved)
		}
		left, back := e.counts(dlq)[0], e.counts(source)[0]
		if left+back != 10 || left == 0 {
			e.Errorf("%d left and %d moved, want 10 in all and some left", left, back)
		}
	}},
	{name: "move/of a message sent to the dead-letter queue", run: func(e env) {
		_, dlq := e.withDLQ(1)
		e.send(dlq, "from nowhere")
		if _, err := e.startMove(dlq); err != nil {
			e.Fatal(err)
		}
		if got := e.wantMove(dlq, "FAILED"); aws.ToString(got.FailureReason) != "CouldNotDetermineMessageSource" {
			e.Errorf("task = %+v", got)
		}
		e.wantCounts(dlq, 1, 0, 0)
	}},
	{name: "move/to a queue deleted meanwhile", run: func(e env) {
		_, dlq := e.deadLetters(5)
		other := e.queue("other", nil)
		if _, err := e.startMove(dlq, destination(e.arn(other)), rate(1)); err != nil {
			e.Fatal(err)
		}
		if _, err := e.client.DeleteQueue(e.Context(), &sqs.DeleteQueueInput{QueueUrl: &other}); err != nil {
			e.Fatal(err)
		}
		if got := e.wantMove(dlq, "FAILED"); aws.ToString(got.FailureReason) != "AWS.SimpleQueueService.NonExistentQueue" {
			e.Errorf("task = %+v", got)
		}
	}},
	{name: "move/refused", run: func(e env) {
		source, dlq := e.withDLQ(1)
		_, err := e.startMove(source)
		wantCode(e, err, "InvalidParameterValue") // no dead-letter queue
		_, err = e.startMove(dlq, destination(e.arn(dlq)+"-missing"))
		wantType[*types.ResourceNotFoundException](e, err)
		_, err = e.startMove(dlq, destination(e.arn(e.fifo("f", nil))))
		wantCode(e, err, "InvalidParameterValue")
		for _, bad := range []int32{0, 501} {
			_, err = e.startMove(dlq, rate(bad))
			wantCode(e, err, "InvalidParameterValue")
		}
		_, err = e.client.StartMessageMoveTask(e.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(e.arn(dlq) + "-missing")})
		wantType[*types.ResourceNotFoundException](e, err)
		_, err = e.client.CancelMessageMoveTask(e.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: aws.String("garbage")})
		wantCode(e, err, "InvalidParameterValue")
	}},
	{name: "move/list is the latest first", run: func(e env) {
		_, dlq := e.deadLetters(1)
		other := e.queue("other", nil)
		if _, err := e.startMove(dlq, destination(e.arn(other))); err != nil {
			e.Fatal(err)
		}
		e.wantMove(dlq, "COMPLETED")
		for range 12 {
			if _, err := e.startMove(dlq); err != nil {
				e.Fatal(err)
			}
			e.wantMove(dlq, "COMPLETED")
		}
		got := e.moves(dlq, 10)
		if len(got) != 10 || got[0].ApproximateNumberOfMessagesMoved != 0 {
			e.Errorf("%d tasks, the first moved %d; want 10, the oldest forgotten", len(got), got[0].ApproximateNumberOfMessagesMoved)
		}
		if one := e.moves(dlq, 1); len(one) != 1 {
			e.Errorf("%d tasks, want 1", len(one))
		}
	}},
}

var retentionBehaviours = []behaviour{
	{name: "retention/ends visible, delayed and in flight messages", long: true, run: func(e env) {
		url := e.queue("q", attrs{"MessageRetentionPeriod": "60", "VisibilityTimeout": "3600"})
		e.send(url, "in flight")
		m := e.one(url)
		e.send(url, "delayed", delay(900))
		e.send(url, "visible")
		e.pass(time.Minute - time.Millisecond)
		e.wantCounts(url, 1, 1, 1)
		e.pass(time.Millisecond)
		e.wantCounts(url, 0, 0, 0)
		e.delete(url, m)
	}},
	{name: "retention/14 days", long: true, run: func(e env) {
		url := e.queue("q", attrs{"MessageRetentionPeriod": "1209600"})
		e.send(url, "x")
		e.pass(14*24*time.Hour - time.Second)
		e.one(url, hidden(1))
		e.pass(time.Second)
		e.none(url)
	}},
	{name: "retention/a shorter one holds at once", long: true, run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		e.pass(2 * time.Minute)
		e.set(url, attrs{"MessageRetentionPeriod": "60"})
		e.wantCounts(url, 0, 0, 0)
	}},
	{name: "retention/in a standard dead-letter queue counts from the send", long: true, run: func(e env) {
		source, dlq := e.withDLQ(1)
		e.send(source, "x")
		e.one(source)
		e.pass(24 * time.Hour)
		e.none(source)
		e.pass(3*24*time.Hour - time.Second)
		e.wantCounts(dlq, 1, 0, 0)
		e.pass(time.Second)
		e.wantCounts(dlq, 0, 0, 0)
	}},
	{name: "retention/in a FIFO dead-letter queue counts from the move", long: true, run: func(e env) {
		dlq := e.fifo("dlq", nil)
		source := e.fifo("source", attrs{"VisibilityTimeout": "0", "RedrivePolicy": redrivePolicy(e.arn(dlq), 1)})
		e.send(source, "x", group("g"))
		e.one(source)
		e.pass(24 * time.Hour)
		e.none(source)
		e.pass(4*24*time.Hour - time.Second)
		e.wantCounts(dlq, 1, 0, 0)
		e.pass(time.Second)
		e.wantCounts(dlq, 0, 0, 0)
	}},
}

var fairBehaviours = []behaviour{
	{name: "fair/a noisy tenant lets others pass", run: func(e env) {
		url := e.queue("q", nil)
		for i := range 40 {
			e.send(url, fmt.Sprintf("noisy-%d", i), group("noisy"))
		}
		e.receive(url)
		e.receive(url)
		e.send(url, "quiet", group("quiet"))
		if m := e.one(url, atMost(1)); *m.Body != "quiet" {
			e.Errorf("received %q, want the quiet tenant's message", *m.Body)
		}
		// And there is no limit for the noisy one when nobody else waits.
		if got := e.receive(url); len(got) != 10 {
			e.Errorf("received %d, want 10", len(got))
		}
	}},
	{name: "fair/messages of one group are received in parallel", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "1", group("g"))
		e.send(url, "2", group("g"))
		e.one(url, atMost(1))
		e.one(url, atMost(1))
	}},
	{name: "fair/messages without a group keep their place", run: func(e env) {
		url := e.queue("q", nil)
		for i := range 30 {
			e.send(url, fmt.Sprint(i))
		}
		e.receive(url)
		e.send(url, "tenant", group("t"))
		if m := e.one(url, atMost(1)); *m.Body != "10" {
			e.Errorf("received %q, want 10", *m.Body)
		}
	}},
}
