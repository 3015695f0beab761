package driver

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// AppendJSON appends the envelope to dst, as compact JSON, and returns the
// extended slice. It is appended by hand because json.Marshal takes ten times as
// long and nine allocations for each task of an invocation whose client waits.
//
// On error dst is returned as it came: [ErrMalformed] if a field breaks the rules
// of the format, [ErrTooLarge] if the result would be larger than
// [MaxEnvelopeBytes]. Data must be valid JSON; only its absence is noticed.
//
// The output contains no character that SQS refuses in a message body (control
// characters, U+FFFE and U+FFFF: they are escaped).
func (e *Envelope) AppendJSON(dst []byte) ([]byte, error) {
	if err := e.check(); err != nil {
		return dst, err
	}
	if len(e.Data) == 0 {
		return dst, refuse(attrData, "is missing: a task without input has the data null")
	}

	// The two attributes by which Sniff knows an envelope come first, the data,
	// which may be large, comes last: then Sniff has to look at 60 bytes only.
	start, b := len(dst), slices.Grow(dst, e.estimate())
	b = append(b, `{"specversion":"1.0","offloadversion":`...)
	b = strconv.AppendInt(b, EnvelopeVersion, 10)
	b = appendStringAttribute(b, attrID, e.ID)
	b = appendStringAttribute(b, attrSource, e.Source)
	b = appendStringAttribute(b, attrType, e.Task)
	b = appendTimeAttribute(b, attrTime, e.Time)
	b = append(b, `,"datacontenttype":"application/json"`...)
	b = appendIntAttribute(b, attrAttempt, e.Attempt)
	b = appendIntAttribute(b, attrHops, e.Hops)
	if e.TraceParent != "" {
		b = appendStringAttribute(b, attrTraceParent, e.TraceParent)
	}
	if !e.NotBefore.IsZero() {
		b = appendTimeAttribute(b, attrNotBefore, e.NotBefore)
	}
	if e.Timeout != 0 {
		b = appendIntAttribute(b, attrTimeout, int(e.Timeout/time.Millisecond))
	}
	if e.Group != "" {
		b = appendStringAttribute(b, attrGroup, e.Group)
	}
	if e.Deduplication != "" {
		b = appendStringAttribute(b, attrDeduplication, e.Deduplication)
	}
	if e.Signature != "" {
		b = appendStringAttribute(b, attrSignature, e.Signature)
	}
	b = append(b, `,"data":`...)
	b = appendNoncharactersEscaped(b, e.Data)
	b = append(b, '}')

	if size := len(b) - start; size > MaxEnvelopeBytes {
		return dst, tooLarge(size)
	}
	return b, nil
}

// estimate is how many bytes the envelope takes if nothing has to be escaped, or a little more.
func (e *Envelope) estimate() int {
	const names, instants, numbers = 320, 2 * 35, 3 * 10
	return names + instants + numbers + len(e.ID) + len(e.Source) + len(e.Task) + len(e.TraceParent) +
		len(e.Group) + len(e.Deduplication) + len(e.Signature) + len(e.Data)
}

func tooLarge(size int) error {
	return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, MaxEnvelopeBytes)
}

func appendName(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func appendIntAttribute(b []byte, name string, value int) []byte {
	return strconv.AppendInt(appendName(b, name), int64(value), 10)
}

func appendTimeAttribute(b []byte, name string, value time.Time) []byte {
	b = append(appendName(b, name), '"')
	b = value.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// appendStringAttribute relies on check: there are no control characters left to
// escape. Seven copies of it would make every binary 4 kB larger, and nothing faster.
//
//go:noinline
func appendStringAttribute(b []byte, name, value string) []byte {
	b = append(appendName(b, name), '"')
	start := 0
	for i := range len(value) {
		if c := value[i]; c == '"' || c == '\\' {
			b = append(b, value[start:i]...)
			b = append(b, '\\')
			start = i
		}
	}
	b = append(b, value[start:]...)
	return append(b, '"')
}

// noncharacters is what the UTF-8 of U+FFFE and U+FFFF begins with.
var noncharacters = []byte("\xef\xbf")

// appendNoncharactersEscaped appends JSON with U+FFFE and U+FFFF escaped.
// json.Marshal writes them as they are and SQS refuses a body that contains
// them. Outside of strings JSON has no such bytes, so an escape is always right.
func appendNoncharactersEscaped(b, data []byte) []byte {
	for {
		i := bytes.Index(data, noncharacters)
		if i < 0 || i+2 >= len(data) {
			return append(b, data...)
		}
		switch data[i+2] {
		case 0xbe:
			b = append(append(b, data[:i]...), `\ufffe`...)
		case 0xbf:
			b = append(append(b, data[:i]...), `\uffff`...)
		default:
			b = append(b, data[:i+3]...)
		}
		data = data[i+3:]
	}
}

// appendCompact appends JSON without the white space between its tokens, and with
// the escapes of appendNoncharactersEscaped: of two texts that differ in nothing
// else it makes the same bytes.
func appendCompact(b, data []byte) []byte {
	for len(data) > 0 {
		switch c := data[0]; c {
		case ' ', '\t', '\r', '\n':
			data = data[1:]
		case '"':
			s := scanner{text: data}
			if _, ok := s.rawString(); !ok {
				return append(b, data...)
			}
			b = appendNoncharactersEscaped(b, data[:s.at])
			data = data[s.at:]
		default:
			b = append(b, c)
			data = data[1:]
		}
	}
	return b
}
