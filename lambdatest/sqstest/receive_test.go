package sqstest_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func named(names ...string) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.MessageAttributeNames = names }
}

var receiveBehaviours = []behaviour{
	{name: "receive/message, then nothing, then again", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "2"})
		sent := e.send(url, "hello")
		first := e.one(url)
		if *first.Body != "hello" || *first.MessageId != *sent.MessageId {
			e.Errorf("received %q %s, want hello %s", *first.Body, *first.MessageId, *sent.MessageId)
		}
		e.none(url)
		e.pass(2 * time.Second)
		second := e.one(url, allAttributes)
		if *second.MessageId != *first.MessageId || *second.ReceiptHandle == *first.ReceiptHandle {
			e.Error("want the same message with a new receipt handle")
		}
		if got := second.Attributes["ApproximateReceiveCount"]; got != "2" {
			e.Errorf("ApproximateReceiveCount = %s, want 2", got)
		}
	}},
	{name: "receive/one unless asked for more", run: func(e env) {
		url := e.queue("q", nil)
		for _, body := range []string{"a", "b", "c"} {
			e.send(url, body)
		}
		out, err := e.client.ReceiveMessage(e.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url})
		if err != nil || len(out.Messages) != 1 {
			e.Fatalf("received %v, %v; want one message", out, err)
		}
		if got := e.receive(url, atMost(10)); len(got) != 2 {
			e.Errorf("received %v, want the other two", bodies(got))
		}
	}},
	{name: "receive/limits", run: func(e env) {
		url := e.queue("q", nil)
		for _, f := range []func(*sqs.ReceiveMessageInput){atMost(11), atMost(-1), waiting(21), waiting(-1), hidden(43_201), hidden(-1)} {
			_, err := e.tryReceive(url, f)
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
	{name: "receive/system attributes of a standard queue", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x", trace(aTrace))
		a := e.one(url, allAttributes).Attributes
		names := slices.Sorted(maps.Keys(a))
		if got, want := strings.Join(names, " "), "AWSTraceHeader ApproximateFirstReceiveTimestamp ApproximateReceiveCount SenderId SentTimestamp"; got != want {
			e.Errorf("attributes %s, want %s", got, want)
		}
		if a["AWSTraceHeader"] != aTrace || a["ApproximateReceiveCount"] != "1" {
			e.Errorf("attributes = %v", a)
		}
		if len(a["SentTimestamp"]) < 12 || a["ApproximateFirstReceiveTimestamp"] < a["SentTimestamp"] {
			e.Errorf("sent %s, first received %s, want milliseconds in that order", a["SentTimestamp"], a["ApproximateFirstReceiveTimestamp"])
		}
	}},
	{name: "receive/system attributes of a FIFO queue", run: func(e env) {
		url := e.fifo("q", nil)
		sent := e.send(url, "x", group("g"), dedup("d"))
		a := e.one(url, allAttributes).Attributes
		if a["MessageGroupId"] != "g" || a["MessageDeduplicationId"] != "d" || a["SequenceNumber"] != *sent.SequenceNumber {
			e.Errorf("attributes = %v, want group g, deduplication d, sequence %s", a, *sent.SequenceNumber)
		}
	}},
	{name: "receive/system attributes by name", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url, func(in *sqs.ReceiveMessageInput) {
			in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"SentTimestamp", "SenderId"}
		})
		if got := strings.Join(slices.Sorted(maps.Keys(m.Attributes)), " "); got != "SenderId SentTimestamp" {
			e.Errorf("attributes %s, want SenderId SentTimestamp", got)
		}
	}},
	{name: "receive/trace header from the HTTP request", run: func(e env) {
		url := e.queue("q", nil)
		_, err := e.client.SendMessage(e.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")}, sqs.WithAPIOptions(setHeader("X-Amzn-Trace-Id", aTrace)))
		if err != nil {
			e.Fatal(err)
		}
		if got := e.one(url, allAttributes).Attributes["AWSTraceHeader"]; got != aTrace {
			e.Errorf("AWSTraceHeader = %q, want that of the request", got)
		}
	}},
	{name: "receive/message attributes by name and wildcard", run: func(e env) {
		url := e.queue("q", attrs{"VisibilityTimeout": "0"})
		e.send(url, "msg", with("Help.Me", text("Me")), with("Hello", text("There")), with("General", text("Kenobi")))
		// Names and digests as SQS answered, recorded by LocalStack's validated tests.
		for _, test := range []struct {
			ask  []string
			want string
			md5  string
		}{
			{nil, "", ""},
			{[]string{"All"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
			{[]string{"*"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
			{[]string{".*"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
			{[]string{"Foo", "Help"}, "", ""},
			{[]string{"Hello", "General"}, "General Hello", "fca026605781cb4126a1e9044df24232"},
			{[]string{"Foo", "Hello"}, "Hello", "a311262e065454b75da111d535b8dacd"},
			{[]string{"Hel.*"}, "Hello Help.Me", "83fee93c1bcd8b9a5a923ffacdc636c7"},
			{[]string{"AWS."}, "", ""},
			{[]string{"..foo"}, "", ""},
			{[]string{"hello"}, "", ""},
		} {
			m := e.one(url, named(test.ask...))
			if got := strings.Join(slices.Sorted(maps.Keys(m.MessageAttributes)), " "); got != test.want {
				e.Errorf("asked for %v: attributes %q, want %q", test.ask, got, test.want)
			}
			if got := aws.ToString(m.MD5OfMessageAttributes); got != test.md5 {
				e.Errorf("asked for %v: MD5OfMessageAttributes %q, want %q", test.ask, got, test.md5)
			}
		}
	}},
	{name: "receive/binary attributes and types", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x", with("b", types.MessageAttributeValue{DataType: aws.String("Binary.gif"), BinaryValue: []byte{0, 255, 10}}), with("n", typed("Number.int", "7")))
		got := e.one(url, allAttributes).MessageAttributes
		if b := got["b"]; aws.ToString(b.DataType) != "Binary.gif" || string(b.BinaryValue) != "\x00\xff\n" || b.StringValue != nil {
			e.Errorf("attribute b = %+v", b)
		}
		if n := got["n"]; aws.ToString(n.DataType) != "Number.int" || aws.ToString(n.StringValue) != "7" {
			e.Errorf("attribute n = %+v", n)
		}
	}},
	{name: "receive/oldest first, also after a timeout", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "first")
		e.one(url, hidden(1))
		e.send(url, "second")
		e.pass(time.Second)
		if m := e.one(url, atMost(1)); *m.Body != "first" {
			e.Errorf("received %q, want first", *m.Body)
		}
	}},
	{name: "receive/own visibility timeout", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		e.one(url, hidden(1))
		e.none(url)
		e.pass(time.Second)
		e.one(url)
	}},
}

var pollBehaviours = []behaviour{
	{name: "poll/waits its time", run: func(e env) {
		url := e.queue("q", nil)
		start := time.Now()
		e.none(url, waiting(2))
		if took := time.Since(start); took < 2*time.Second {
			e.Errorf("an empty long poll of 2 s took %v", took)
		}
	}},
	{name: "poll/the queue's time", run: func(e env) {
		url := e.queue("q", attrs{"ReceiveMessageWaitTimeSeconds": "2"})
		start := time.Now()
		e.none(url)
		if took := time.Since(start); took < 2*time.Second {
			e.Errorf("an empty receive took %v, want the queue's 2 s", took)
		}
	}},
	{name: "poll/a short poll does not wait", run: func(e env) {
		url := e.queue("q", nil)
		start := time.Now()
		e.none(url)
		if took := time.Since(start); took > time.Second {
			e.Errorf("a short poll took %v", took)
		}
	}},
	{name: "poll/does not wait for more than one message", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		start := time.Now()
		e.one(url, waiting(20))
		if took := time.Since(start); took > 5*time.Second {
			e.Errorf("a long poll of a queue with a message took %v", took)
		}
	}},
	{name: "poll/ends when a message arrives", run: func(e env) {
		url := e.queue("q", nil)
		e.wantWithin(time.Second, 5*time.Second, func() { e.one(url, waiting(20)) }, func() {
			e.pass(time.Second)
			e.send(url, "x")
		})
	}},
	{name: "poll/ends when a delay ends", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x", delay(2))
		e.wantWithin(2*time.Second-50*time.Millisecond, 5*time.Second, func() { e.one(url, waiting(20)) }, func() {})
	}},
	{name: "poll/ends when a visibility timeout ends", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		e.one(url, hidden(2))
		e.wantWithin(2*time.Second-50*time.Millisecond, 5*time.Second, func() { e.one(url, waiting(20)) }, func() {})
	}},
	{name: "poll/ends when a visibility timeout is ended", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x")
		m := e.one(url)
		e.wantWithin(time.Second, 5*time.Second, func() { e.one(url, waiting(20)) }, func() {
			e.pass(time.Second)
			if err := e.setVisibility(url, *m.ReceiptHandle, 0); err != nil {
				e.Error(err)
			}
		})
	}},
	{name: "poll/ends when the message before it in a FIFO group is deleted", run: func(e env) {
		url := e.fifo("q", nil)
		e.send(url, "1", group("g"))
		e.send(url, "2", group("g"))
		m := e.one(url, atMost(1))
		e.wantWithin(time.Second, 5*time.Second, func() { e.one(url, waiting(20)) }, func() {
			e.pass(time.Second)
			e.delete(url, m)
		})
	}},
	{name: "poll/a client that is gone takes no message", run: func(e env) {
		url := e.queue("q", nil)
		ctx, cancel := context.WithTimeout(e.Context(), time.Second)
		defer cancel()
		_, err := e.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
		if !errors.Is(err, context.DeadlineExceeded) {
			e.Fatalf("the poll ended with %v, want the client's deadline", err)
		}
		e.pass(100 * time.Millisecond)
		e.send(url, "x")
		e.one(url)
	}},
	{name: "poll/ends when the queue is deleted", run: func(e env) {
		url := e.queue("q", nil)
		e.wantWithin(time.Second, 5*time.Second, func() {
			_, err := e.tryReceive(url, waiting(20))
			wantType[*types.QueueDoesNotExist](e, err)
		}, func() {
			e.pass(time.Second)
			if _, err := e.client.DeleteQueue(e.Context(), &sqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
				e.Error(err)
			}
		})
	}},
}

// wantWithin runs do while meanwhile runs, and wants do to take a time in the range.
// The upper bound is far below the poll's own 20 s and far above any scheduling.
func (e env) wantWithin(least, most time.Duration, do, meanwhile func()) {
	e.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		meanwhile()
	}()
	start := time.Now()
	do()
	took := time.Since(start)
	<-done
	if took < least || took > most {
		e.Errorf("took %v, want between %v and %v", took, least, most)
	}
}
