package sqstest_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// sendAll sends messages like "a1 b1 a2", whose first letter is their group.
func (e env) sendAll(url, messages string) {
	e.Helper()
	for _, body := range strings.Fields(messages) {
		e.send(url, body, group(body[:1]))
	}
}

// wantReceive receives up to n and compares bodies and order.
func (e env) wantReceive(url string, n int32, want string) []string {
	e.Helper()
	got := e.receive(url, atMost(n))
	if b := strings.Join(bodies(got), " "); b != want {
		e.Fatalf("received %q, want %q", b, want)
	}
	var handles []string
	for _, m := range got {
		handles = append(handles, *m.ReceiptHandle)
	}
	return handles
}

func attemptID(id string) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId = &id }
}

// The orders in this file were observed on SQS by LocalStack's validated tests.
var fifoBehaviours = []behaviour{
	{name: "fifo/a receive empties one group first", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1 b1 a2 a3")
		e.wantReceive(url, 10, "a1 a2 a3 b1")
	}},
	{name: "fifo/a group in flight is locked", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1 a2 a3 b1")
		e.wantReceive(url, 2, "a1 a2")
		e.wantReceive(url, 10, "b1")
		e.wantReceive(url, 10, "")
		e.send(url, "a4", group("a"))
		e.wantReceive(url, 10, "")
	}},
	{name: "fifo/order survives a timeout", run: func(e env) {
		url := e.fifo("q", attrs{"VisibilityTimeout": "1"})
		e.sendAll(url, "a1 a2 a3")
		e.wantReceive(url, 10, "a1 a2 a3")
		e.pass(time.Second)
		e.wantReceive(url, 10, "a1 a2 a3")
	}},
	{name: "fifo/a group that gave messages waits its turn", run: func(e env) {
		url := e.fifo("q", attrs{"VisibilityTimeout": "0"})
		e.sendAll(url, "a1 b1 b2 c1 a2")
		e.wantReceive(url, 3, "a1 a2 b1")
		e.wantReceive(url, 10, "c1 a1 a2 b1 b2")
	}},
	{name: "fifo/deleting what is in flight opens the group", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1 a2 a3")
		handles := e.wantReceive(url, 2, "a1 a2")
		if err := e.tryDelete(url, handles[0]); err != nil {
			e.Fatal(err)
		}
		e.wantReceive(url, 10, "")
		if err := e.tryDelete(url, handles[1]); err != nil {
			e.Fatal(err)
		}
		e.wantReceive(url, 10, "a3")
	}},
	{name: "fifo/ending a timeout opens the group up to the next in flight", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1 a2 b1")
		handles := e.wantReceive(url, 2, "a1 a2")
		if err := e.setVisibility(url, handles[0], 0); err != nil {
			e.Fatal(err)
		}
		e.wantReceive(url, 3, "b1 a1")
	}},
	{name: "fifo/a message with a longer timeout holds back what follows", run: func(e env) {
		for extend, want := range []string{"", "a1", "a1 a2"} {
			url := e.fifo(fmt.Sprintf("q%d", extend), attrs{"VisibilityTimeout": "1"})
			e.sendAll(url, "a1 a2 a3")
			handles := e.wantReceive(url, 10, "a1 a2 a3")
			if err := e.setVisibility(url, handles[extend], 30); err != nil {
				e.Fatal(err)
			}
			e.pass(1500 * time.Millisecond)
			e.wantReceive(url, 10, want)
		}
	}},
	{name: "fifo/a group can become empty and be used again", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1")
		e.delete(url, e.one(url))
		e.none(url)
		e.sendAll(url, "a2")
		e.wantReceive(url, 10, "a2")
	}},
	{name: "fifo/counts", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1 a2 a3 b1 c1")
		e.wantCounts(url, 5, 0, 0)
		e.wantReceive(url, 4, "a1 a2 a3 b1")
		e.wantCounts(url, 1, 4, 0)
	}},
	{name: "fifo/sequence numbers grow", run: func(e env) {
		url := e.fifo("q", nil)
		var last string
		for i := range 5 {
			got := aws.ToString(e.send(url, fmt.Sprint(i), group("g")).SequenceNumber)
			if len(got) != 20 || got <= last {
				e.Errorf("sequence number %q after %q, want 20 digits and more", got, last)
			}
			last = got
		}
	}},
	{name: "fifo/queue delay, also for messages already sent", run: func(e env) {
		url := e.fifo("q", attrs{"DelaySeconds": "600"})
		e.sendAll(url, "a1")
		e.wantCounts(url, 0, 0, 1)
		e.wantReceive(url, 10, "")
		e.set(url, attrs{"DelaySeconds": "0"})
		e.wantReceive(url, 10, "a1")
	}},
	{name: "fifo/attempt ID returns the same messages", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1 a2 b1")
		first := e.receive(url, atMost(2), attemptID("try"))
		again := e.receive(url, atMost(2), attemptID("try"))
		if len(first) != 2 || !slices.Equal(bodies(first), bodies(again)) || *first[0].ReceiptHandle != *again[0].ReceiptHandle {
			e.Errorf("received %v, then %v; want the same with the same handles", bodies(first), bodies(again))
		}
		e.wantReceive(url, 10, "b1")
		e.delete(url, first[0])
		e.none(url, attemptID("try"))
	}},
	{name: "fifo/attempt ID starts the timeout anew", run: func(e env) {
		url := e.fifo("q", attrs{"VisibilityTimeout": "2"})
		e.sendAll(url, "a1")
		e.one(url, attemptID("try"))
		e.pass(1500 * time.Millisecond)
		e.one(url, attemptID("try"))
		e.pass(time.Second)
		e.none(url)
		e.pass(1100 * time.Millisecond)
		e.one(url)
	}},
	{name: "fifo/attempt ID ends with a change of visibility", run: func(e env) {
		url := e.fifo("q", nil)
		e.sendAll(url, "a1 a2")
		first := e.receive(url, attemptID("try"))
		if len(first) != 2 {
			e.Fatalf("received %v, want both", bodies(first))
		}
		if err := e.setVisibility(url, *first[1].ReceiptHandle, 60); err != nil {
			e.Fatal(err)
		}
		e.none(url, attemptID("try"))
	}},
	{name: "fifo/attempt ID lasts five minutes", long: true, run: func(e env) {
		url := e.fifo("q", attrs{"VisibilityTimeout": "3600"})
		e.sendAll(url, "a1")
		e.one(url, attemptID("try"))
		e.pass(5*time.Minute - time.Second)
		e.one(url, attemptID("try"))
		e.pass(time.Second)
		e.none(url, attemptID("try"))
	}},
}

var dedupBehaviours = []behaviour{
	{name: "dedup/by identifier", run: func(e env) {
		url := e.fifo("q", attrs{"ContentBasedDeduplication": "false"})
		first := e.send(url, "first", group("g"), dedup("d"))
		second := e.send(url, "second", group("g"), dedup("d"))
		if *first.MessageId != *second.MessageId || *first.SequenceNumber != *second.SequenceNumber {
			e.Errorf("the duplicate is %s %s, want the first message %s %s", *second.MessageId, *second.SequenceNumber, *first.MessageId, *first.SequenceNumber)
		}
		if m := e.one(url); *m.Body != "first" {
			e.Errorf("received %q", *m.Body)
		}
	}},
	{name: "dedup/by content", run: func(e env) {
		url := e.fifo("q", nil)
		e.send(url, "same", group("g"), with("a", text("1")))
		e.send(url, "same", group("g"), with("a", text("2"))) // attributes do not count
		e.send(url, "other", group("g"))
		e.wantReceive(url, 10, "same other")
	}},
	{name: "dedup/identifier goes before content", run: func(e env) {
		url := e.fifo("q", nil)
		e.send(url, "same", group("g"), dedup("1"))
		e.send(url, "same", group("g"), dedup("2"))
		e.wantReceive(url, 10, "same same")
	}},
	{name: "dedup/across groups", run: func(e env) {
		url := e.fifo("q", nil)
		e.send(url, "x", group("g1"), dedup("d"))
		e.send(url, "x", group("g2"), dedup("d"))
		e.one(url)
		e.none(url)
	}},
	{name: "dedup/per group", run: func(e env) {
		url := e.fifo("q", attrs{"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
		e.send(url, "1", group("g1"), dedup("d"))
		e.send(url, "2", group("g2"), dedup("d"))
		e.send(url, "3", group("g2"), dedup("d"))
		e.wantReceive(url, 10, "1 2")
	}},
	{name: "dedup/after receive and delete", run: func(e env) {
		url := e.fifo("q", nil)
		e.send(url, "x", group("g"))
		e.delete(url, e.one(url))
		e.send(url, "x", group("g"))
		e.none(url)
	}},
	{name: "dedup/five minutes from the first", long: true, run: func(e env) {
		url := e.fifo("q", nil)
		e.send(url, "x", group("g"))
		e.pass(4 * time.Minute)
		e.send(url, "x", group("g")) // does not start it anew
		e.pass(time.Minute - time.Millisecond)
		e.send(url, "x", group("g"))
		e.wantCounts(url, 1, 0, 0)
		e.pass(time.Millisecond)
		e.send(url, "x", group("g"))
		e.wantCounts(url, 2, 0, 0)
	}},
}
