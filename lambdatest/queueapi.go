package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// queueAPI speaks to an SQS endpoint about one queue, in the AWS JSON 1.0 protocol.
type queueAPI struct {
	endpoint string
	queueURL string
	client   *http.Client
	own      *http.Transport // to be closed, if the client is ours
}

const (
	// maxQueueAnswer bounds what is read of an answer: ten messages of 1 MiB each, of which JSON may make six times that.
	maxQueueAnswer = 80 << 20
	// requestTime bounds a request beyond the time it may wait for messages, so that an endpoint that fell silent is
	// noticed.
	requestTime = 30 * time.Second
)

func newQueueAPI(endpoint, queueURL string, client *http.Client) *queueAPI {
	a := &queueAPI{endpoint: endpoint, queueURL: queueURL, client: client}
	if client == nil {
		a.own = &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16}
		a.client = &http.Client{Transport: a.own}
	}
	return a
}

func (a *queueAPI) close() {
	if a.own != nil {
		a.own.CloseIdleConnections()
	}
}

// queueError is an answer that is an error.
type queueError struct {
	Action  string
	Status  int
	Code    string
	Message string
}

func (e *queueError) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", e.Action, e.Status, e.Code, e.Message)
}

// permanent tells whether asking again is useless. SQS throttles with 400 and 403.
func (e *queueError) permanent() bool {
	return e.Status < http.StatusInternalServerError && e.Status != http.StatusTooManyRequests && !strings.Contains(e.Code, "Throttl")
}

// call makes one request. The time that it may wait for messages is on top of requestTime.
func (a *queueAPI) call(ctx context.Context, action string, wait time.Duration, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	ctx, cancel := context.WithTimeout(ctx, wait+requestTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(a.endpoint, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	// Some stand-ins for AWS look here for the service, or refuse a request without it. Nobody can check this signature.
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/"+defaultRegion+"/sqs/aws4_request, SignedHeaders=host, Signature=local")
	res, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxQueueAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", action, err)
	case len(answer) > maxQueueAnswer:
		return fmt.Errorf("%s: the answer is longer than %d bytes", action, maxQueueAnswer)
	case res.StatusCode != http.StatusOK:
		return queueErrorOf(action, res.StatusCode, answer)
	case out == nil || len(answer) == 0:
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: the answer is not what SQS answers in the AWS JSON protocol: %w", action, err)
	}
	return nil
}

func queueErrorOf(action string, status int, answer []byte) error {
	var doc struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	// Whatever else came, for example a proxy's page, the status says enough.
	_ = json.Unmarshal(answer, &doc)
	_, code, found := strings.Cut(doc.Type, "#")
	if !found {
		code = doc.Type
	}
	return &queueError{Action: action, Status: status, Code: code, Message: doc.Message}
}

// queueInfo is what the mapping needs to know of a queue.
type queueInfo struct {
	arn        string
	region     string
	fifo       bool
	visibility time.Duration
	override   bool // visibility is longer than the queue's own, and has to be asked for
}

func (a *queueAPI) attributes(ctx context.Context, names ...string) (map[string]string, error) {
	in := struct {
		QueueURL       string `json:"QueueUrl"`
		AttributeNames []string
	}{a.queueURL, names}
	var out struct{ Attributes map[string]string }
	err := a.call(ctx, "GetQueueAttributes", 0, in, &out)
	return out.Attributes, err
}

func (a *queueAPI) describe(ctx context.Context) (queueInfo, error) {
	attributes, err := a.attributes(ctx, "All")
	if err != nil {
		return queueInfo{}, err
	}
	q := queueInfo{arn: attributes["QueueArn"], fifo: attributes["FifoQueue"] == "true"}
	seconds, err := strconv.Atoi(attributes["VisibilityTimeout"])
	if err != nil || seconds < 0 || q.arn == "" {
		return q, errors.New("GetQueueAttributes: the answer has no QueueArn or no VisibilityTimeout")
	}
	q.region = regionOf(q.arn)
	q.visibility = time.Duration(seconds) * time.Second
	return q, nil
}

// regionOf an ARN.
func regionOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return defaultRegion
	}
	return parts[3]
}

// count returns how many messages the queue holds.
func (a *queueAPI) count(ctx context.Context) (int, error) {
	const visible, inFlight, delayed = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"
	attributes, err := a.attributes(ctx, visible, inFlight, delayed)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, name := range []string{visible, inFlight, delayed} {
		n, err := strconv.Atoi(attributes[name])
		if err != nil || n < 0 {
			return 0, fmt.Errorf("GetQueueAttributes: the answer has no %s", name)
		}
		total += n
	}
	return total, nil
}

// queueMessage is a message as ReceiveMessage returns it.
type queueMessage struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	Attributes             map[string]string
	MessageAttributes      map[string]queueAttribute
	MD5OfMessageAttributes string
}

type queueAttribute struct {
	DataType    string
	StringValue *string
	BinaryValue []byte
}

// receive asks for up to n messages and waits for the first up to the given time, in whole seconds. Requests with the
// same attempt are answered with the same messages by a FIFO queue.
func (a *queueAPI) receive(ctx context.Context, q queueInfo, n int, wait time.Duration, attempt string) ([]queueMessage, error) {
	in := struct {
		QueueURL                string `json:"QueueUrl"`
		AttributeNames          []string
		MessageAttributeNames   []string
		MaxNumberOfMessages     int
		WaitTimeSeconds         int
		VisibilityTimeout       *int   `json:",omitempty"`
		ReceiveRequestAttemptID string `json:"ReceiveRequestAttemptId,omitempty"`
	}{
		QueueURL: a.queueURL, AttributeNames: []string{"All"}, MessageAttributeNames: []string{"All"},
		MaxNumberOfMessages: n, WaitTimeSeconds: int(wait / time.Second),
	}
	if q.override {
		seconds := int(q.visibility / time.Second)
		in.VisibilityTimeout = &seconds
	}
	if q.fifo {
		in.ReceiveRequestAttemptID = attempt
	}
	var out struct{ Messages []queueMessage }
	if err := a.call(ctx, "ReceiveMessage", wait, in, &out); err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// remove deletes up to ten messages and returns for each that is still there why, by its place in the list.
func (a *queueAPI) remove(ctx context.Context, receipts []string) (map[int]*queueError, error) {
	type entry struct {
		ID            string `json:"Id"`
		ReceiptHandle string
	}
	in := struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []entry
	}{QueueURL: a.queueURL}
	for i, receipt := range receipts {
		in.Entries = append(in.Entries, entry{strconv.Itoa(i), receipt})
	}
	var out struct {
		Failed []struct {
			ID          string `json:"Id"`
			Code        string
			Message     string
			SenderFault bool
		}
	}
	const action = "DeleteMessageBatch"
	if err := a.call(ctx, action, 0, in, &out); err != nil {
		return nil, err
	}
	left := map[int]*queueError{}
	for _, f := range out.Failed {
		i, err := strconv.Atoi(f.ID)
		if err != nil || i < 0 || i >= len(receipts) {
			continue // an entry that nobody asked about
		}
		status := http.StatusInternalServerError
		if f.SenderFault {
			status = http.StatusBadRequest
		}
		left[i] = &queueError{Action: action, Status: status, Code: f.Code, Message: f.Message}
	}
	return left, nil
}
