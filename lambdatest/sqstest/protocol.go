package sqstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	targetPrefix = "AmazonSQS."
	contentType  = "application/x-amz-json-1.0"
	bodyTimeout  = 30 * time.Second
)

// call is one request on its way through an action.
type call struct {
	ctx    context.Context
	trace  string // X-Amzn-Trace-Id of the request, which becomes AWSTraceHeader
	body   []byte
	faults effects
	queue  *queue // once the action has found it
	count  int    // entries of a batch, 1 otherwise
}

// actions are the operations of the API. A nil answer is an empty body, as SQS
// sends where the model has no output.
var actions = map[string]func(*Server, *call) (any, *apiError){
	"AddPermission":                decode((*Server).addPermission),
	"CancelMessageMoveTask":        decode((*Server).cancelMessageMoveTask),
	"ChangeMessageVisibility":      decode((*Server).changeMessageVisibility),
	"ChangeMessageVisibilityBatch": decode((*Server).changeMessageVisibilityBatch),
	"CreateQueue":                  decode((*Server).createQueue),
	"DeleteMessage":                decode((*Server).deleteMessage),
	"DeleteMessageBatch":           decode((*Server).deleteMessageBatch),
	"DeleteQueue":                  decode((*Server).deleteQueue),
	"GetQueueAttributes":           decode((*Server).getQueueAttributes),
	"GetQueueUrl":                  decode((*Server).getQueueURL),
	"ListDeadLetterSourceQueues":   decode((*Server).listDeadLetterSourceQueues),
	"ListMessageMoveTasks":         decode((*Server).listMessageMoveTasks),
	"ListQueueTags":                decode((*Server).listQueueTags),
	"ListQueues":                   decode((*Server).listQueues),
	"PurgeQueue":                   decode((*Server).purgeQueue),
	"ReceiveMessage":               decode((*Server).receiveMessage),
	"RemovePermission":             decode((*Server).removePermission),
	"SendMessage":                  decode((*Server).sendMessage),
	"SendMessageBatch":             decode((*Server).sendMessageBatch),
	"SetQueueAttributes":           decode((*Server).setQueueAttributes),
	"StartMessageMoveTask":         decode((*Server).startMessageMoveTask),
	"TagQueue":                     decode((*Server).tagQueue),
	"UntagQueue":                   decode((*Server).untagQueue),
}

// decode wraps an action so that it gets its input parsed. Unknown members are
// ignored, as AWS JSON services do.
func decode[In any](action func(*Server, *call, *In) (any, *apiError)) func(*Server, *call) (any, *apiError) {
	return func(s *Server, c *call) (any, *apiError) {
		in := new(In)
		if len(c.body) > 0 {
			if err := json.Unmarshal(c.body, in); err != nil {
				return nil, kindSerialization.errorf("The request body cannot be read as the input of this action: %v", err)
			}
		}
		return action(s, c, in)
	}
}

// ServeHTTP answers one request, so that the server can also be mounted in another
// one. A request that the client abandons is not answered.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("x-amzn-RequestId", newID())
	if err := notJSONProtocol(r); err != "" {
		writeQueryError(w, err)
		return
	}
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	run := actions[action]
	if !ok || run == nil {
		writeError(w, kindUnknownOperation.errorf("The X-Amz-Target header must be %s and the name of an SQS action, not %q.", targetPrefix, r.Header.Get("X-Amz-Target")))
		return
	}
	body, err := readBody(w, r)
	if err != nil {
		writeError(w, tooLarge(action, err))
		return
	}
	if !s.enter() {
		writeError(w, kindServiceUnavailable.errorf("The server is closed."))
		return
	}
	defer s.active.Done()

	c := &call{ctx: r.Context(), trace: r.Header.Get("X-Amzn-Trace-Id"), body: body, count: 1}
	c.faults = s.plan(action, body)
	if c.faults.latency > 0 {
		s.pause(r.Context(), c.faults.latency)
	}
	var out any
	failure := c.faults.err
	if failure == nil {
		out, failure = run(s, c)
	}
	s.record(action, c, failure)
	if r.Context().Err() != nil {
		return
	}
	if c.faults.dropResponse {
		// The documented way to make net/http close the connection without an answer.
		panic(http.ErrAbortHandler)
	}
	if failure != nil {
		writeError(w, failure)
		return
	}
	writeJSON(w, http.StatusOK, out)
}

// notJSONProtocol returns what to tell a caller that does not speak AWS JSON, and
// nothing to one that does.
func notJSONProtocol(r *http.Request) string {
	kind := r.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded") || r.Method == http.MethodGet:
		return "This server speaks the AWS JSON 1.0 protocol of SQS only, not the query protocol. Use an AWS SDK released since November 2023."
	case r.Method != http.MethodPost:
		return "This server speaks the AWS JSON 1.0 protocol of SQS only: requests are POSTs."
	}
	return ""
}

// readBody reads a request's body, bounded in size and time.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// Not every ResponseWriter has deadlines (tests' recorders do not); then there is none.
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	_ = rc.SetReadDeadline(time.Time{}) // a long poll may last longer
	return body, err
}

func tooLarge(action string, err error) *apiError {
	var tooBig *http.MaxBytesError
	switch {
	case !errors.As(err, &tooBig):
		return kindSerialization.errorf("The request body cannot be read: %v", err)
	case action == "SendMessageBatch":
		return kindBatchRequestTooLong.errorf("Batch requests cannot be longer than %d bytes.", maxMessageBytes)
	default:
		return kindInvalidParameterValue.errorf("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", maxMessageBytes)
	}
}

func writeError(w http.ResponseWriter, e *apiError) {
	if e.query != "" {
		fault := "Receiver"
		if e.senderFault() {
			fault = "Sender"
		}
		w.Header().Set("x-amzn-query-error", e.query+";"+fault)
	}
	writeJSON(w, e.status, struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.space + e.code, e.message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", contentType)
	if v == nil {
		w.WriteHeader(status)
		return
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // messages are not HTML, and escapes would swell them
	if err := enc.Encode(v); err != nil {
		// Answers are structs of strings and numbers: this is a mistake in this package.
		panic(fmt.Sprintf("sqstest: encoding an answer: %v", err))
	}
	w.Header().Set("Content-Length", fmt.Sprint(b.Len()))
	w.WriteHeader(status)
	// A client that is gone has no use for the error.
	_, _ = w.Write(b.Bytes())
}

// writeQueryError answers in the XML of the query protocol, the only form a client of it understands.
func writeQueryError(w http.ResponseWriter, message string) {
	type queryError struct {
		Type    string
		Code    string
		Message string
	}
	b, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Error   queryError
	}{Error: queryError{"Sender", "UnsupportedProtocol", message}})
	if err != nil {
		panic(fmt.Sprintf("sqstest: encoding an answer: %v", err))
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(b)
}

// newID returns a random UUID, as message and request identifiers are.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[:8], b[:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:], b[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
