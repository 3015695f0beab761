package sqstest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func TestSendReceiveDelete(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env) {
		url := e.queue("orders", nil)
		sent := e.send(url, "hello", func(in *sqs.SendMessageInput) {
			in.MessageAttributes = map[string]types.MessageAttributeValue{
				"kind": {DataType: aws.String("String"), StringValue: aws.String("greeting")},
			}
		})
		m := e.one(url, allAttributes)
		if *m.Body != "hello" || *m.MessageId != *sent.MessageId {
			t.Errorf("received %q %s, want hello %s", *m.Body, *m.MessageId, *sent.MessageId)
		}
		if got := aws.ToString(m.MessageAttributes["kind"].StringValue); got != "greeting" {
			t.Errorf("attribute kind = %q, want greeting", got)
		}
		e.wantCounts(url, 0, 1, 0)
		e.none(url)
		e.delete(url, m)
		pass(time.Minute)
		e.none(url)
		e.wantCounts(url, 0, 0, 0)
	})
}

func TestVisibilityTimeoutEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env) {
		url := e.queue("orders", nil)
		e.send(url, "again")
		first := e.one(url)
		pass(30*time.Second - time.Millisecond)
		e.none(url)
		pass(time.Millisecond)
		second := e.one(url, allAttributes)
		if *first.MessageId != *second.MessageId || *first.ReceiptHandle == *second.ReceiptHandle {
			t.Errorf("want the same message with a new receipt handle")
		}
		if got := second.Attributes["ApproximateReceiveCount"]; got != "2" {
			t.Errorf("ApproximateReceiveCount = %s, want 2", got)
		}
	})
}

// The same through a real socket, where Advance stands for the wait.
func TestRealSocket(t *testing.T) {
	t.Parallel()
	srv := sqstestStart(t)
	e := env{t, srv, newClient(srv)}
	url := e.queue("orders", nil)
	e.send(url, "a")
	e.send(url, "b")
	if got := bodies(e.receive(url)); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("received %v, want a and b", got)
	}
	e.none(url)
	srv.Advance(30 * time.Second)
	if got := bodies(e.receive(url)); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("received %v after the visibility timeout, want a and b", got)
	}
}
