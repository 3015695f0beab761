package offload

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// sqsRecord is a message in an SQS event.
type sqsRecord struct {
	raw      json.RawMessage
	id       string
	queue    string // its ARN
	receipt  string // of this delivery
	body     string
	group    string
	receives int
	fifo     bool
	envelope bool

	failed    error
	notBefore time.Time     // of the task, if it was read
	hopeless  bool          // the task's own error says that no further delivery will help
	again     time.Duration // when to deliver it again, if it is the one that failed
}

// sqsSource is the eventSource of records that come from SQS.
const sqsSource = "aws:sqs"

// envelopeRecords gives the records of an SQS event, if one of them is an envelope.
//
// It is asked about every event, so events of other kinds are told apart by their
// first bytes, and an SQS event without envelopes by a search. Both rest on how AWS writes
// events: Records is the first member, and neither it nor the ASCII letters of a body
// are escaped. An event that is written otherwise goes to the handler.
//
// A message may be there twice: a standard queue delivers more than once, and what has failed
// twice becomes visible together. Both records count.
func envelopeRecords(event []byte) ([]sqsRecord, bool) {
	if !beginsWithRecords(event) || !bytes.Contains(event, []byte("offloadversion")) || !bytes.Contains(event, []byte(sqsSource)) {
		return nil, false
	}
	var in struct{ Records []json.RawMessage }
	if json.Unmarshal(event, &in) != nil {
		return nil, false
	}
	records := make([]sqsRecord, len(in.Records))
	found := false
	for i, raw := range in.Records {
		r, ok := parseRecord(raw)
		if !ok {
			return nil, false
		}
		found = found || r.envelope
		records[i] = r
	}
	return records, found
}

// beginsWithRecords recognises {"Records":[ with any white space.
func beginsWithRecords(event []byte) bool {
	for _, token := range [...]string{"{", `"Records"`, ":", "["} {
		event = bytes.TrimLeft(event, " \t\r\n")
		var ok bool
		if event, ok = bytes.CutPrefix(event, []byte(token)); !ok {
			return false
		}
	}
	return true
}

// parseRecord reports false for what is no record of SQS.
func parseRecord(raw json.RawMessage) (sqsRecord, bool) {
	var in struct {
		MessageID      string `json:"messageId"`
		ReceiptHandle  string `json:"receiptHandle"`
		Body           string `json:"body"`
		EventSource    string `json:"eventSource"`
		EventSourceARN string `json:"eventSourceARN"`
		Attributes     struct {
			MessageGroupID string `json:"MessageGroupId"`
			ReceiveCount   string `json:"ApproximateReceiveCount"`
		} `json:"attributes"`
	}
	if json.Unmarshal(raw, &in) != nil || in.EventSource != sqsSource || in.MessageID == "" {
		return sqsRecord{}, false
	}
	receives, err := strconv.Atoi(in.Attributes.ReceiveCount)
	if err != nil || receives < 1 {
		receives = 1
	}
	return sqsRecord{
		raw:      raw,
		id:       in.MessageID,
		queue:    in.EventSourceARN,
		receipt:  in.ReceiptHandle,
		body:     in.Body,
		group:    in.Attributes.MessageGroupID,
		receives: receives,
		fifo:     strings.HasSuffix(in.EventSourceARN, ".fifo"),
		envelope: driver.Sniff([]byte(in.Body)),
	}, true
}

// foreignEvent makes an SQS event of the records of somebody else, byte for byte.
func foreignEvent(records []*sqsRecord) []byte {
	var event bytes.Buffer
	event.WriteString(`{"Records":[`)
	for i, r := range records {
		if i > 0 {
			event.WriteByte(',')
		}
		event.Write(r.raw)
	}
	event.WriteString(`]}`)
	return event.Bytes()
}
