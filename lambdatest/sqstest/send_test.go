package sqstest_test

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const maxSize = 1_048_576

func text(s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &s}
}

func typed(kind, s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: &kind, StringValue: &s}
}

func with(name string, v types.MessageAttributeValue) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]types.MessageAttributeValue{}
		}
		in.MessageAttributes[name] = v
	}
}

func trace(header string) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) {
		in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &header},
		}
	}
}

const aTrace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

var sendBehaviours = []behaviour{
	{name: "send/answer", run: func(e env) {
		out := e.send(e.queue("q", nil), "hello")
		sum := md5.Sum([]byte("hello"))
		if got := aws.ToString(out.MD5OfMessageBody); got != hex.EncodeToString(sum[:]) {
			e.Errorf("MD5OfMessageBody = %s", got)
		}
		if len(aws.ToString(out.MessageId)) != 36 {
			e.Errorf("MessageId = %q, want a UUID", aws.ToString(out.MessageId))
		}
		if out.SequenceNumber != nil || out.MD5OfMessageAttributes != nil || out.MD5OfMessageSystemAttributes != nil {
			e.Errorf("answer has parts that a plain message on a standard queue does not: %+v", out)
		}
	}},
	{name: "send/MD5 of attributes as SQS computed it", run: func(e env) {
		// Recorded from SQS by LocalStack's validated tests (test_sqs.snapshot.json).
		out := e.send(e.queue("q", nil), "msg", with("Help.Me", text("Me")), with("Hello", text("There")), with("General", text("Kenobi")))
		if got := aws.ToString(out.MD5OfMessageAttributes); got != "4c360f3fdafd970e05fae2f149d997f5" {
			e.Errorf("MD5OfMessageAttributes = %s", got)
		}
	}},
	{name: "send/MD5 of a number and of the trace header as SQS computed them", run: func(e env) {
		out := e.send(e.queue("q", nil), "test", with("timestamp", typed("Number", "1493147359900")), trace(aTrace))
		if got := aws.ToString(out.MD5OfMessageAttributes); got != "235c5c510d26fb653d073faed50ae77c" {
			e.Errorf("MD5OfMessageAttributes = %s", got)
		}
		if got := aws.ToString(out.MD5OfMessageSystemAttributes); got != "5ae4d5d7636402d80f4eb6d213245a88" {
			e.Errorf("MD5OfMessageSystemAttributes = %s", got)
		}
	}},
	{name: "send/MD5 of a binary attribute as SQS computed it", run: func(e env) {
		out := e.send(e.queue("q", nil), "test", with("attr1", types.MessageAttributeValue{
			DataType: aws.String("Binary"), BinaryValue: []byte("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"),
		}))
		if got := aws.ToString(out.MD5OfMessageAttributes); got != "8cbe4db156db8a94db8b801b7addb984" {
			e.Errorf("MD5OfMessageAttributes = %s", got)
		}
	}},
	{name: "send/largest body", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, strings.Repeat("x", maxSize))
		_, err := e.trySend(url, strings.Repeat("x", maxSize+1))
		wantCode(e, err, "InvalidParameterValue")
		if got := len(*e.one(url).Body); got != maxSize {
			e.Errorf("received %d bytes, want %d", got, maxSize)
		}
	}},
	{name: "send/size is in bytes", run: func(e env) {
		_, err := e.trySend(e.queue("q", attrs{"MaximumMessageSize": "1024"}), strings.Repeat("ü", 513))
		wantCode(e, err, "InvalidParameterValue")
	}},
	{name: "send/attributes count for the size", run: func(e env) {
		url := e.queue("q", attrs{"MaximumMessageSize": "1024"})
		// 4 for the name, 6 for the type, 10 for the value.
		attribute := with("name", text("0123456789"))
		e.send(url, strings.Repeat("x", 1004), attribute)
		_, err := e.trySend(url, strings.Repeat("x", 1005), attribute)
		wantCode(e, err, "InvalidParameterValue")
		e.send(url, strings.Repeat("x", 1024), trace(aTrace)) // system attributes do not
	}},
	{name: "send/empty body", run: func(e env) {
		_, err := e.trySend(e.queue("q", nil), "")
		wantCode(e, err, "MissingParameter")
	}},
	{name: "send/delay of a message", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "later", delay(2))
		e.wantCounts(url, 0, 0, 1)
		e.none(url)
		e.pass(2 * time.Second)
		e.wantCounts(url, 1, 0, 0)
		e.one(url)
	}},
	{name: "send/delay of the queue", run: func(e env) {
		url := e.queue("q", attrs{"DelaySeconds": "2"})
		e.send(url, "queue's delay")
		e.send(url, "own delay", delay(1))
		e.none(url)
		e.pass(time.Second)
		if m := e.one(url); *m.Body != "own delay" {
			e.Errorf("received %q first", *m.Body)
		}
		e.pass(time.Second)
		e.one(url)
	}},
	{name: "send/a changed queue delay is not for messages of a standard queue already sent", run: func(e env) {
		url := e.queue("q", attrs{"DelaySeconds": "600"})
		e.send(url, "old")
		e.set(url, attrs{"DelaySeconds": "0"})
		e.none(url)
		e.send(url, "new")
		if m := e.one(url); *m.Body != "new" {
			e.Errorf("received %q", *m.Body)
		}
	}},
	{name: "send/delay range", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "x", delay(900))
		for _, bad := range []int32{-1, 901} {
			_, err := e.trySend(url, "x", delay(bad))
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
	{name: "send/FIFO parameters on a standard queue", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "fair", group("tenant"))
		_, err := e.trySend(url, "x", dedup("d"))
		wantCode(e, err, "InvalidParameterValue")
		if got := e.one(url, allAttributes).Attributes["MessageGroupId"]; got != "tenant" {
			e.Errorf("MessageGroupId = %q, want tenant", got)
		}
	}},
	{name: "send/group and deduplication identifiers", run: func(e env) {
		standard, fifo := e.queue("q", nil), e.fifo("q", nil)
		punctuation := "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
		e.send(standard, "x", group(punctuation))
		e.send(fifo, "x", group(punctuation), dedup(punctuation))
		e.send(fifo, "y", group(strings.Repeat("g", 128)), dedup(strings.Repeat("d", 128)))
		for _, bad := range []string{"", "with space", strings.Repeat("g", 129), "ü"} {
			_, err := e.trySend(standard, "x", group(bad))
			wantCode(e, err, "InvalidParameterValue")
			_, err = e.trySend(fifo, "x", group(bad))
			wantCode(e, err, "InvalidParameterValue")
			_, err = e.trySend(fifo, "x", group("g"), dedup(bad))
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
	{name: "send/what a FIFO queue needs", run: func(e env) {
		url := e.fifo("q", attrs{"ContentBasedDeduplication": "false"})
		_, err := e.trySend(url, "x", dedup("d"))
		wantCode(e, err, "MissingParameter")
		_, err = e.trySend(url, "x", group("g"))
		wantCode(e, err, "InvalidParameterValue")
		_, err = e.trySend(url, "x", group("g"), dedup("d"), delay(2))
		wantCode(e, err, "InvalidParameterValue")
	}},
}

var contentBehaviours = []behaviour{
	{name: "content/allowed characters", run: func(e env) {
		url := e.queue("q", nil)
		body := "tab\t line\n return\r <xml a=\"b\">&amp;</xml> \u0085 \ud7ff \ue000 \ufffd \U00010000 \U0010ffff"
		e.send(url, body)
		if got := *e.one(url).Body; got != body {
			e.Errorf("received %q, want %q", got, body)
		}
	}},
	{name: "content/forbidden characters", run: func(e env) {
		url := e.queue("q", nil)
		for _, bad := range []string{"\x00", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"} {
			_, err := e.trySend(url, "a"+bad+"b")
			wantType[*types.InvalidMessageContents](e, err)
		}
	}},
	{name: "content/attribute names", run: func(e env) {
		url := e.queue("q", nil)
		for _, ok := range []string{"a", "A-z_0.9", "awsome", strings.Repeat("n", 256)} {
			e.send(url, "x", with(ok, text("v")))
		}
		for _, bad := range []string{"", "aws.x", "AWS.x", "Amazon.x", ".x", "x.", "a..b", "a b", "ä!", strings.Repeat("n", 257)} {
			_, err := e.trySend(url, "x", with(bad, text("v")))
			if err == nil {
				e.Errorf("attribute name %.20q is accepted", bad)
				continue
			}
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
	{name: "content/attribute types and values", run: func(e env) {
		url := e.queue("q", nil)
		for _, ok := range []types.MessageAttributeValue{
			typed("String", "v"), typed("String.json", "v"), typed("Number", "-1.5e3"), typed("Number.int", "7"),
			typed("Number", strings.Repeat("9", 38)), typed("Number", ".5"), typed("Number", "1e126"), typed("Number", "1e-128"),
			{DataType: aws.String("Binary.png"), BinaryValue: []byte{0, 1, 2}},
		} {
			if _, err := e.trySend(url, "x", with("a", ok)); err != nil {
				e.Errorf("type %s, value %q: %v", *ok.DataType, aws.ToString(ok.StringValue), err)
			}
		}
		for _, bad := range []types.MessageAttributeValue{
			typed("", "v"), typed("Text", "v"), typed("Stringy", "v"), typed("String", ""), typed("String", "bell \x07"),
			typed("Number", "seven"), typed("Number", "1e127"), typed("Number", "1e-129"), typed("Number", strings.Repeat("9", 39)), typed("Number", ""),
			typed("Number."+strings.Repeat("t", 256), "1"),
			{DataType: aws.String("Binary")},
			{DataType: aws.String("Binary"), StringValue: aws.String("not binary")},
		} {
			_, err := e.trySend(url, "x", with("a", bad))
			if err == nil {
				e.Errorf("type %.20q, value %q is accepted", *bad.DataType, aws.ToString(bad.StringValue))
				continue
			}
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
	{name: "content/ten attributes", run: func(e env) {
		url := e.queue("q", nil)
		var ten []func(*sqs.SendMessageInput)
		for _, name := range strings.Split("abcdefghij", "") {
			ten = append(ten, with(name, text("v")))
		}
		e.send(url, "x", ten...)
		_, err := e.trySend(url, "x", append(slices.Clone(ten), with("eleventh", text("v")))...)
		wantCode(e, err, "InvalidParameterValue")
	}},
	{name: "content/system attributes", run: func(e env) {
		url := e.queue("q", nil)
		for name, v := range map[string]types.MessageSystemAttributeValue{
			"Color":          {DataType: aws.String("String"), StringValue: aws.String("red")},
			"AWSTraceHeader": {DataType: aws.String("Number"), StringValue: aws.String("1")},
		} {
			_, err := e.trySend(url, "x", func(in *sqs.SendMessageInput) {
				in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{name: v}
			})
			wantCode(e, err, "InvalidParameterValue")
		}
	}},
}
