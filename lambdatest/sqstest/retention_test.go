package sqstest_test

import "time"

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
