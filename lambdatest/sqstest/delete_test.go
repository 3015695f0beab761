package sqstest_test

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

var deleteBehaviours = []behaviour{
	{name: "delete/message", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "1"})
		e.send(url, "x")
		m := e.one(url)
		e.delete(url, m)
		e.wantCounts(url, 0, 0, 0)
		e.pass(time.Second)
		e.none(url)
	}},
	{name: "delete/twice", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url)
		e.delete(url, m)
		e.delete(url, m)
	}},
	{name: "delete/after the visibility timeout on a standard queue", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "1"})
		e.send(url, "x")
		m := e.one(url)
		e.pass(time.Second)
		e.wantCounts(url, 1, 0, 0)
		e.delete(url, m)
		e.wantCounts(url, 0, 0, 0)
	}},
	{name: "delete/with an old handle changes nothing", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "1"})
		e.send(url, "x")
		old := e.one(url)
		e.pass(time.Second)
		current := e.one(url, hidden(60))
		e.delete(url, old)
		e.wantCounts(url, 0, 1, 0)
		e.delete(url, current)
		e.wantCounts(url, 0, 0, 0)
	}},
	{name: "delete/after the visibility timeout on a FIFO queue", run: func(e env) {
		url := e.fifo("q", attrs{"VisibilityTimeout": "1"})
		e.send(url, "x", group("g"))
		m := e.one(url)
		e.pass(time.Second)
		wantCode(e, e.tryDelete(url, *m.ReceiptHandle), "InvalidParameterValue")
		e.wantCounts(url, 1, 0, 0)
	}},
	{name: "delete/within an extended visibility timeout on a FIFO queue", run: func(e env) {
		url := e.fifo("q", attrs{"VisibilityTimeout": "1"})
		e.send(url, "x", group("g"))
		m := e.one(url)
		if err := e.setVisibility(url, *m.ReceiptHandle, 60); err != nil {
			e.Fatal(err)
		}
		e.pass(2 * time.Second)
		e.delete(url, m)
		e.wantCounts(url, 0, 0, 0)
	}},
	{name: "delete/what was never a handle", run: func(e env) {
		url := e.queue("q", nil)
		for _, bad := range []string{"garbage", "AQEB", strings.Repeat("A", 500)} {
			err := e.tryDelete(url, bad)
			wantType[*types.ReceiptHandleIsInvalid](e, err)
			wantType[*types.ReceiptHandleIsInvalid](e, e.setVisibility(url, bad, 10))
		}
	}},
	{name: "delete/a handle of another queue", run: func(e env) {
		one, other := e.queue("q-1", nil), e.queue("q-2", nil)
		e.send(one, "x")
		e.send(other, "y")
		m := e.one(one)
		e.one(other)
		wantType[*types.ReceiptHandleIsInvalid](e, e.tryDelete(other, *m.ReceiptHandle))
		e.wantCounts(other, 0, 1, 0)
	}},
}

var visibilityBehaviours = []behaviour{
	{name: "visibility/extend counts from now", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "2"})
		e.send(url, "x")
		m := e.one(url)
		e.pass(time.Second)
		if err := e.setVisibility(url, *m.ReceiptHandle, 2); err != nil {
			e.Fatal(err)
		}
		e.pass(1500 * time.Millisecond)
		e.none(url)
		e.pass(600 * time.Millisecond)
		e.one(url)
	}},
	{name: "visibility/end", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url)
		if err := e.setVisibility(url, *m.ReceiptHandle, 0); err != nil {
			e.Fatal(err)
		}
		e.wantCounts(url, 1, 0, 0)
		e.one(url)
	}},
	{name: "visibility/is not kept for the next receive", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "1"})
		e.send(url, "x")
		m := e.one(url)
		if err := e.setVisibility(url, *m.ReceiptHandle, 2); err != nil {
			e.Fatal(err)
		}
		e.pass(2 * time.Second)
		e.one(url)
		e.pass(time.Second)
		e.one(url)
	}},
	{name: "visibility/range", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url)
		for _, bad := range []int32{-1, 43_201} {
			wantCode(e, e.setVisibility(url, *m.ReceiptHandle, bad), "InvalidParameterValue")
		}
	}},
	{name: "visibility/12 hours in total", long: true, run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url, hidden(43_200))
		e.pass(time.Hour)
		wantCode(e, e.setVisibility(url, *m.ReceiptHandle, 43_200), "InvalidParameterValue")
		if err := e.setVisibility(url, *m.ReceiptHandle, 39_600); err != nil {
			e.Error(err)
		}
		e.pass(11*time.Hour - time.Second)
		e.none(url)
		e.pass(time.Second)
		// The limit counts from the latest receive.
		m = e.one(url)
		if err := e.setVisibility(url, *m.ReceiptHandle, 43_200); err != nil {
			e.Error(err)
		}
	}},
	{name: "visibility/of a deleted message", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url)
		e.delete(url, m)
		wantCode(e, e.setVisibility(url, *m.ReceiptHandle, 10), "InvalidParameterValue")
	}},
	{name: "visibility/after the timeout of a standard queue does nothing", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "1"})
		e.send(url, "x")
		m := e.one(url)
		e.pass(time.Second)
		if err := e.setVisibility(url, *m.ReceiptHandle, 60); err != nil {
			e.Fatal(err)
		}
		e.wantCounts(url, 1, 0, 0)
	}},
	{name: "visibility/queue default", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "0"})
		e.send(url, "x")
		first := e.one(url)
		second := e.one(url)
		if aws.ToString(first.MessageId) != aws.ToString(second.MessageId) {
			e.Error("a timeout of 0 hides the message")
		}
	}},
}
