package lambdatest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
)

// eventStream writes the answer of InvokeWithResponseStream in AWS's event stream encoding
// (application/vnd.amazon.eventstream): messages with typed headers and checksums.
type eventStream struct {
	w     io.Writer
	flush func() error
	buf   []byte
	err   error // of the connection; nothing is written after it
}

// invokeComplete is the last event of the stream.
type invokeComplete struct {
	ErrorCode    string `json:"ErrorCode,omitempty"`
	ErrorDetails string `json:"ErrorDetails,omitempty"`
	LogResult    string `json:"LogResult,omitempty"`
}

// copy sends a response as PayloadChunk events, each as soon as it comes, and returns how the function failed, if it did.
// A stream is read to its end even if the caller has gone, since that is the function's time.
func (e *eventStream) copy(r reply) *FunctionError {
	if r.stream == nil {
		if r.failure == nil && len(r.body) > 0 {
			e.message("PayloadChunk", "application/octet-stream", r.body)
		}
		return r.failure
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := r.stream.Read(buf)
		if n > 0 {
			e.message("PayloadChunk", "application/octet-stream", buf[:n])
		}
		if err != nil {
			var f *FunctionError
			errors.As(err, &f) // else io.EOF
			return f
		}
	}
}

func (e *eventStream) complete(c invokeComplete) {
	b, err := json.Marshal(c)
	if err != nil { // a struct of strings marshals
		return
	}
	e.message("InvokeComplete", "application/json", b)
}

// message frames: total length, header length, CRC of those two, headers, payload, CRC of everything before.
func (e *eventStream) message(eventType, contentType string, payload []byte) {
	if e.err != nil {
		return
	}
	b := e.buf[:0]
	b = append(b, make([]byte, 12)...)
	b = appendStringHeader(b, ":message-type", "event")
	b = appendStringHeader(b, ":event-type", eventType)
	b = appendStringHeader(b, ":content-type", contentType)
	headers := len(b) - 12
	b = append(b, payload...)
	binary.BigEndian.PutUint32(b[0:], uint32(len(b)+4))
	binary.BigEndian.PutUint32(b[4:], uint32(headers))
	binary.BigEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[:8]))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	e.buf = b
	if _, e.err = e.w.Write(b); e.err == nil {
		e.err = e.flush()
	}
}

// appendStringHeader appends a header of type 7, string.
func appendStringHeader(b []byte, name, value string) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = append(b, 7)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}
