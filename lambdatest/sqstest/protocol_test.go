package sqstest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// answer is a raw HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
}

// post sends one request as it is written here, for what the SDK cannot send.
func post(tb testing.TB, srv *sqstest.Server, client *http.Client, target, body string, header ...string) answer {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, srv.URL()+"/", strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", target)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func TestErrorsOnTheWire(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	client := srv.Client()
	if _, err := srv.CreateQueue("q", nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, target, body  string
		status              int
		code, query, within string
	}{
		{"modelled", "AmazonSQS.GetQueueUrl", `{"QueueName":"none"}`, 400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender", "The specified queue does not exist."},
		{"own status", "AmazonSQS.DeleteMessage", `{"QueueUrl":"q","ReceiptHandle":"x"}`, 404, "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender", `"x" is not a valid receipt handle`},
		{"not modelled", "AmazonSQS.ReceiveMessage", `{"QueueUrl":"q","MaxNumberOfMessages":11}`, 400, "com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue;Sender", "Must be between 1 and 10"},
		{"missing", "AmazonSQS.SendMessage", `{"MessageBody":"x"}`, 400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter;Sender", "QueueUrl"},
		{"no JSON", "AmazonSQS.SendMessage", `{"QueueUrl`, 400, "com.amazon.coral.service#SerializationException", "", "cannot be read"},
		{"wrong type", "AmazonSQS.SendMessage", `{"QueueUrl":"q","MessageBody":7}`, 400, "com.amazon.coral.service#SerializationException", "", "MessageBody"},
		{"null input", "AmazonSQS.SendMessage", `null`, 400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter;Sender", "QueueUrl"},
		{"no input", "AmazonSQS.SendMessage", ``, 400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter;Sender", "QueueUrl"},
		{"unknown action", "AmazonSQS.FlyToTheMoon", `{}`, 400, "com.amazon.coral.service#UnknownOperationException", "", "AmazonSQS.FlyToTheMoon"},
		{"another service", "DynamoDB_20120810.GetItem", `{}`, 400, "com.amazon.coral.service#UnknownOperationException", "", "X-Amz-Target"},
		{"not a queue URL", "AmazonSQS.PurgeQueue", `{"QueueUrl":"http://host/too/many/parts"}`, 404, "com.amazonaws.sqs#InvalidAddress", "InvalidAddress;Sender", "is not valid for this endpoint"},
		{"another account's queue", "AmazonSQS.PurgeQueue", `{"QueueUrl":"http://host/999999999999/q"}`, 400, "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := post(t, srv, client, test.target, test.body)
			var body struct {
				Type    string `json:"__type"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal([]byte(got.body), &body); err != nil {
				t.Fatalf("%v in %s", err, got.body)
			}
			if got.status != test.status || body.Type != test.code || got.header.Get("x-amzn-query-error") != test.query || !strings.Contains(body.Message, test.within) {
				t.Errorf("status %d, %s, query error %q, message %q\nwant %d, %s, %q, ...%s...",
					got.status, body.Type, got.header.Get("x-amzn-query-error"), body.Message, test.status, test.code, test.query, test.within)
			}
			if got.header.Get("x-amzn-RequestId") == "" || got.header.Get("Content-Type") != "application/x-amz-json-1.0" {
				t.Errorf("headers %v", got.header)
			}
		})
	}
}

// The query protocol gets an answer that its clients can read, in XML.
func TestQueryProtocolIsRefused(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	got := post(t, srv, srv.Client(), "", "Action=ListQueues&Version=2012-11-05", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, "<ErrorResponse><Error>") || !strings.Contains(got.body, "not the query protocol") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// The Go SDK cannot send zeroes for these; other SDKs do.
func TestExplicitZeroes(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	client := srv.Client()
	for name, attributes := range map[string]map[string]string{
		"q":      {"DelaySeconds": "600", "ReceiveMessageWaitTimeSeconds": "20"},
		"f.fifo": {"DelaySeconds": "600", "FifoQueue": "true"},
	} {
		if _, err := srv.CreateQueue(name, attributes); err != nil {
			t.Fatal(err)
		}
	}
	post(t, srv, client, "AmazonSQS.SendMessage", `{"QueueUrl":"q","MessageBody":"x","DelaySeconds":0}`)
	for range 2 {
		got := post(t, srv, client, "AmazonSQS.ReceiveMessage", `{"QueueUrl":"q","VisibilityTimeout":0}`)
		if !strings.Contains(got.body, `"Body":"x"`) {
			t.Fatalf("received %s, want the message at once and again", got.body)
		}
	}
	post(t, srv, client, "AmazonSQS.PurgeQueue", `{"QueueUrl":"q"}`)
	if got := post(t, srv, client, "AmazonSQS.ReceiveMessage", `{"QueueUrl":"q","WaitTimeSeconds":0}`); got.body != "{}\n" {
		t.Errorf("received %s, want nothing without the queue's wait", got.body)
	}
	// On a FIFO queue 0 means the queue's delay.
	post(t, srv, client, "AmazonSQS.SendMessage", `{"QueueUrl":"f.fifo","MessageBody":"x","MessageGroupId":"g","MessageDeduplicationId":"d","DelaySeconds":0}`)
	if got := srv.Queue("f.fifo").Counts(); got != (sqstest.Counts{Delayed: 1}) {
		t.Errorf("counts %+v, want one delayed", got)
	}
}

// AttributeNames is the older name of MessageSystemAttributeNames, and both count.
func TestOldAttributeNames(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	if _, err := srv.CreateQueue("q", nil); err != nil {
		t.Fatal(err)
	}
	post(t, srv, srv.Client(), "AmazonSQS.SendMessage", `{"QueueUrl":"q","MessageBody":"x"}`)
	got := post(t, srv, srv.Client(), "AmazonSQS.ReceiveMessage", `{"QueueUrl":"q","AttributeNames":["SenderId"],"MessageSystemAttributeNames":["ApproximateReceiveCount"]}`)
	if !strings.Contains(got.body, `"Attributes":{"ApproximateReceiveCount":"1","SenderId":"`) {
		t.Errorf("received %s, want both attributes", got.body)
	}
}

// DeleteMessage and its like have no output: SQS sends an empty body.
func TestEmptyAnswer(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	if _, err := srv.CreateQueue("q", nil); err != nil {
		t.Fatal(err)
	}
	if got := post(t, srv, srv.Client(), "AmazonSQS.PurgeQueue", `{"QueueUrl":"q"}`); got.status != 200 || got.body != "" {
		t.Errorf("%d %q, want 200 and nothing", got.status, got.body)
	}
}

// A queue URL works whatever host name the server was reached by.
func TestQueueURLOfAnotherHost(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	if _, err := srv.CreateQueue("q", nil); err != nil {
		t.Fatal(err)
	}
	got := post(t, srv, srv.Client(), "AmazonSQS.SendMessage", `{"QueueUrl":"http://host.docker.internal:4566/123456789012/q","MessageBody":"x"}`)
	if got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestRequestBodyIsBounded(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	body := bytes.Repeat([]byte("x"), 20<<20)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
	resp, err := srv.Client().Do(req)
	if err != nil {
		return // the server closed the connection while the client was still sending
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(b), "must be shorter than 1048576 bytes") {
		t.Errorf("%d %s", resp.StatusCode, b)
	}
}

// The sentences are those of SQS, recorded by LocalStack's validated tests, because
// programs are found that look for them.
func TestWording(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, _ *sqstest.Server) {
		url, fifo := e.queue("q", nil), e.fifo("f", attrs{"ContentBasedDeduplication": "false", "VisibilityTimeout": "1"})
		_, err := e.tryReceive(url, atMost(11))
		wantMessage(e, err, "InvalidParameterValue", "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.")
		_, err = e.tryReceive(url, waiting(21))
		wantMessage(e, err, "InvalidParameterValue", "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.")
		_, err = e.trySend(url, strings.Repeat("x", maxSize+1))
		wantMessage(e, err, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.")
		_, err = e.trySend(url, "")
		wantMessage(e, err, "MissingParameter", "The request must contain the parameter MessageBody.")
		_, err = e.trySend(url, "x", with("ErrorDetails", text("")))
		wantMessage(e, err, "InvalidParameterValue", "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.")
		_, err = e.trySend(url, "x", group("group 123"))
		wantMessage(e, err, "InvalidParameterValue", "Value group 123 for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
		_, err = e.trySend(fifo, "x", group("g"))
		wantMessage(e, err, "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
		_, err = e.trySend(fifo, "x", dedup("d"))
		wantMessage(e, err, "MissingParameter", "The request must contain the parameter MessageGroupId.")
		_, err = e.trySend(fifo, "x", group("g"), dedup("d"), delay(2))
		wantMessage(e, err, "InvalidParameterValue", "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.")
		_, err = e.sendBatch(url, entries(11)...)
		wantMessage(e, err, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11.")
		_, err = e.sendBatch(url, entry("a b", "x"))
		wantMessage(e, err, "AWS.SimpleQueueService.InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		_, err = e.sendBatch(url, entry("a", strings.Repeat("x", maxSize)), entry("b", "x"))
		wantMessage(e, err, "AWS.SimpleQueueService.BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
		_, err = e.create("q", attrs{"DelaySeconds": "1"})
		wantMessage(e, err, "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds")
		wantMessage(e, e.trySet(url, attrs{"FifoQueue": "true"}), "InvalidAttributeName", "Unknown Attribute FifoQueue.")
		wantMessage(e, e.trySet(fifo, attrs{"FifoQueue": "false"}), "InvalidAttributeValue", "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
		wantMessage(e, e.tryDelete(url, "garbage"), "ReceiptHandleIsInvalid", `The input receipt handle "garbage" is not a valid receipt handle.`)

		e.send(url, "x")
		m := e.one(url)
		e.delete(url, m)
		wantMessage(e, e.setVisibility(url, *m.ReceiptHandle, 1), "InvalidParameterValue", "Value "+*m.ReceiptHandle+" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
		e.send(fifo, "x", group("g"), dedup("d"))
		m = e.one(fifo)
		e.pass(time.Second)
		wantMessage(e, e.tryDelete(fifo, *m.ReceiptHandle), "InvalidParameterValue", "Value "+*m.ReceiptHandle+" for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
	})
}
