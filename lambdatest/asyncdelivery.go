package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// maxErrorMessage is how much of the error a dead letter carries ("Adding a dead-letter queue" in the Developer Guide:
	// the first 1 KB).
	maxErrorMessage = 1 << 10
	// deliveryAttempts and firstDeliveryRetry: whether and how AWS repeats the delivery to a destination is not
	// documented. Here a throttle, an error of the server and a broken connection are tried again after 25, 50, 100 and
	// 200 ms.
	deliveryAttempts   = 5
	firstDeliveryRetry = 25 * time.Millisecond
	// deliveryTimeout bounds one of them.
	deliveryTimeout = 10 * time.Second
)

// invocationRecord is what a destination gets ("Capturing records of Lambda asynchronous invocations" in the Developer
// Guide).
type invocationRecord struct {
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	RequestContext  recordRequest    `json:"requestContext"`
	RequestPayload  json.RawMessage  `json:"requestPayload"`
	ResponseContext *recordResponse  `json:"responseContext,omitempty"` // none if the function never ran
	ResponsePayload *json.RawMessage `json:"responsePayload,omitempty"`
}

type recordRequest struct {
	RequestID              string         `json:"requestId"`
	FunctionARN            string         `json:"functionArn"`
	Condition              AsyncCondition `json:"condition"`
	ApproximateInvokeCount int            `json:"approximateInvokeCount"`
}

type recordResponse struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError,omitempty"`
}

func (l *Lambda) invocationRecord(e *asyncEvent) ([]byte, error) {
	r := invocationRecord{
		Version: "1.0", Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		RequestContext: recordRequest{
			RequestID: e.id, FunctionARN: l.arn + ":" + functionVersion,
			Condition: e.result.Condition, ApproximateInvokeCount: e.attempts,
		},
		RequestPayload: e.payload,
	}
	if len(e.payload) == 0 {
		r.RequestPayload = []byte("{}")
	}
	if e.attempts > 0 {
		r.ResponseContext = &recordResponse{StatusCode: 200, ExecutedVersion: functionVersion, FunctionError: e.result.FunctionError}
		r.ResponsePayload = new(asJSON(e.result.Payload))
	}
	return marshalEvent(r)
}

// asJSON returns a response as a value in a record. AWS does not say what it makes of one that is not JSON; here it
// becomes a string.
func asJSON(payload []byte) json.RawMessage {
	switch {
	case len(payload) == 0:
		return json.RawMessage("null")
	case json.Valid(payload):
		return payload
	}
	b, err := json.Marshal(string(payload))
	if err != nil { // a string marshals
		return json.RawMessage("null")
	}
	return b
}

// deliverOutcome sends what the function's configuration asks for. Failures are joined.
func (l *Lambda) deliverOutcome(ctx context.Context, e *asyncEvent) error {
	config := l.fn.Async
	destination, deadLetters := config.OnSuccess, ""
	if e.result.Condition != AsyncSuccess {
		destination, deadLetters = config.OnFailure, config.DeadLetterQueue
	}
	var failed []error
	if destination != "" {
		record, err := l.invocationRecord(e)
		if err == nil {
			err = l.deliver(ctx, e, destination, record, nil)
		}
		failed = append(failed, err)
	}
	if deadLetters != "" {
		body := e.payload
		if len(body) == 0 {
			body = []byte("{}")
		}
		failed = append(failed, l.deliver(ctx, e, deadLetters, body, deadLetterAttributes(e)))
	}
	return errors.Join(failed...)
}

// letterAttribute is a message attribute of type String or Number.
type letterAttribute struct{ DataType, StringValue string }

func deadLetterAttributes(e *asyncEvent) map[string]letterAttribute {
	status, message := 200, "" // an event that was never tried has no error
	if a := e.last; a != nil {
		status = a.statusCode()
		switch {
		case a.err != nil:
			message = asAPIError(a.err).Message
		case a.failure != nil:
			message = errorMessage(a.failure.Payload)
		}
	}
	attributes := map[string]letterAttribute{
		"RequestID": {"String", e.id},
		"ErrorCode": {"Number", strconv.Itoa(status)},
	}
	if message != "" { // SQS takes no empty values
		attributes["ErrorMessage"] = letterAttribute{"String", message}
	}
	return attributes
}

// errorMessage is the message of a failed function, cut to what a dead letter carries, and to whole characters.
func errorMessage(payload []byte) string {
	var doc errorDocument
	if json.Unmarshal(payload, &doc) == nil && doc.ErrorMessage != "" {
		payload = []byte(doc.ErrorMessage)
	}
	payload = payload[:min(len(payload), maxErrorMessage)]
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\uFFFE' || r == '\uFFFF' {
			return -1 // SQS refuses these
		}
		return r
	}, strings.ToValidUTF8(string(payload), ""))
}

// deliver sends one body to the destination arn, again if that can help.
func (l *Lambda) deliver(ctx context.Context, e *asyncEvent, arn string, body []byte, attributes map[string]letterAttribute) error {
	target, err := parseTarget(arn)
	if err != nil { // checked by Deploy
		return err
	}
	send := func() error { return l.service.invokeDestination(target.function, body, e.chain()) }
	if target.queue != "" {
		queues := newQueueAPI(l.fn.SQSEndpoint, "", l.service.sqs)
		send = func() error {
			ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
			defer cancel()
			return queues.sendTo(ctx, target, body, attributes, e.chain())
		}
	}
	err = repeat(ctx, send)
	if err != nil {
		return fmt.Errorf("deliver to %s: %w", arn, err)
	}
	l.journal.record(Event{Kind: EventAsyncDelivered, RequestID: e.id, Message: arn})
	return nil
}

// sendTo finds a queue by its name and sends one message, with the trace that it belongs to (recorded on AWS by LocalStack's
// tests, test_lambda_destinations.snapshot.json, November 2025).
func (a *queueAPI) sendTo(ctx context.Context, target asyncTarget, body []byte, attributes map[string]letterAttribute, trace string) error {
	name := struct {
		QueueName string
		Account   string `json:"QueueOwnerAWSAccountId"`
	}{target.queue, target.account}
	var found struct {
		QueueURL string `json:"QueueUrl"`
	}
	if err := a.call(ctx, "GetQueueUrl", 0, name, &found); err != nil {
		return err
	}
	message := struct {
		QueueURL          string `json:"QueueUrl"`
		MessageBody       string
		MessageAttributes map[string]letterAttribute `json:",omitempty"`
		System            map[string]letterAttribute `json:"MessageSystemAttributes"`
	}{found.QueueURL, string(body), attributes, map[string]letterAttribute{"AWSTraceHeader": {"String", trace}}}
	return a.call(ctx, "SendMessage", 0, message, nil)
}

// chain is the trace header that goes on to a function that is a destination, so that a loop of those ends.
func (e *asyncEvent) chain() string {
	if e.last != nil && e.last.traceID != "" {
		return e.last.traceID
	}
	return e.traceID
}

func (s *Service) invokeDestination(name string, record []byte, traceID string) error {
	l := s.lookup(name)
	if l == nil {
		return notFound(arn(name))
	}
	return l.async.accept(request{payload: record, traceID: traceID})
}

func repeat(ctx context.Context, send func() error) error {
	wait := firstDeliveryRetry
	for n := 1; ; n++ {
		err := send()
		if err == nil || n == deliveryAttempts || ctx.Err() != nil || !repeatable(err) {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		wait *= 2
	}
}

// repeatable tells whether the error of a delivery may be gone the next time: throttles, failures of the server, and
// connections that broke.
func repeatable(err error) bool {
	if refused := (*queueError)(nil); errors.As(err, &refused) {
		return !refused.permanent()
	}
	if refused := (*APIError)(nil); errors.As(err, &refused) {
		return errors.Is(err, ErrThrottled)
	}
	return !errors.Is(err, ErrClosed)
}
