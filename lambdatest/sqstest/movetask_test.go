package sqstest_test

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

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
	{name: "move/makes new messages", run: func(e env) {
		source, dlq := e.withDLQ(1)
		sent := e.send(source, "x", with("k", text("v")))
		e.one(source)
		e.none(source)
		if _, err := e.startMove(dlq); err != nil {
			e.Fatal(err)
		}
		e.wantMove(dlq, "COMPLETED")
		m := e.one(source, allAttributes)
		if *m.MessageId == *sent.MessageId || aws.ToString(m.MessageAttributes["k"].StringValue) != "v" {
			e.Errorf("the redriven message is %s %v, want another ID than %s and the same attributes", *m.MessageId, m.MessageAttributes, *sent.MessageId)
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
		var handles []string
		for range 12 {
			handle, err := e.startMove(dlq)
			if err != nil {
				e.Fatal(err)
			}
			handles = append(handles, handle)
			e.wantMove(dlq, "COMPLETED")
		}
		for i, handle := range handles { // the ten latest are remembered
			_, err := e.client.CancelMessageMoveTask(e.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
			if i < 2 {
				wantType[*types.ResourceNotFoundException](e, err)
			} else {
				wantType[*types.UnsupportedOperation](e, err)
			}
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
