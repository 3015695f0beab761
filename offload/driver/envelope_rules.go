package driver

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// check holds the fields to the rules in the comment of Envelope. Data is the
// exception: the encoder trusts it, the decoder has its own pass over it.
func (e *Envelope) check() error {
	switch {
	case !isPrintable(e.ID, MaxIDBytes):
		return refuse(attrID, "must be 1 to 100 printable ASCII characters without spaces")
	case !isURI(e.Source):
		return refuse(attrSource, "must be an absolute URI of at most 512 bytes, such as the ARN of a function")
	case !isText(e.Task, MaxTaskBytes):
		return refuse(attrType, "must be a task name of 1 to 256 bytes of UTF-8 without control characters")
	case !isTimestamp(e.Time):
		return refuse(attrTime, "must be set, and in the years 1 to 9999")
	case e.Attempt < 0 || e.Attempt > math.MaxInt32:
		return refuse(attrAttempt, "must be 0 to 2147483647")
	case e.Hops < 1 || e.Hops > math.MaxInt32:
		return refuse(attrHops, "must be 1 to 2147483647: an envelope is written to leave the process")
	case e.TraceParent != "" && !isTraceParent(e.TraceParent):
		return refuse(attrTraceParent, "must be a W3C trace context, as in 00-TRACE-PARENT-01")
	case !e.NotBefore.IsZero() && !isTimestamp(e.NotBefore):
		return refuse(attrNotBefore, "must be in the years 1 to 9999")
	case e.Timeout < 0 || e.Timeout > MaxTimeout || e.Timeout%time.Millisecond != 0:
		return refuse(attrTimeout, "must be 1 to 2147483647 whole milliseconds")
	case e.Group != "" && !isPrintable(e.Group, MaxGroupBytes):
		return refuse(attrGroup, "must be at most 128 printable ASCII characters without spaces")
	case e.Deduplication != "" && !isPrintable(e.Deduplication, MaxDeduplicationBytes):
		return refuse(attrDeduplication, "must be at most 128 printable ASCII characters without spaces")
	case e.Signature != "" && !isSignature(e.Signature):
		return refuse(attrSignature, "must be 64 lower-case hexadecimal digits")
	}
	return nil
}

func refuse(attribute, rule string) error {
	return fmt.Errorf("%w: attribute %q %s", ErrMalformed, attribute, rule)
}

// isPrintable is the rule of SQS for group and deduplication IDs: letters, digits
// and punctuation of ASCII. Task IDs follow it because they serve as both.
func isPrintable(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isText is CloudEvents' type String: no control characters, no code points that
// Unicode calls noncharacters.
func isText(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1,
			r <= 0x9f,
			r >= 0xfdd0 && r <= 0xfdef,
			r&0xfffe == 0xfffe:
			return false
		}
		i += size
	}
	return true
}

// isURI checks the scheme and the characters of an absolute URI (RFC 3986) and its
// percent encoding. What follows the scheme has a structure of its own, as in an
// ARN.
func isURI(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon < 1 || len(s) > MaxSourceBytes {
		return false
	}
	for i := range colon {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	for i := colon + 1; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c > '~' || strings.IndexByte("\"<>[\\]^`{|}", c) >= 0:
			return false
		case c == '%':
			if i+2 >= len(s) || !isHexAnyCase(s[i+1]) || !isHexAnyCase(s[i+2]) {
				return false
			}
			i += 2
		}
	}
	return true
}

// isTimestamp holds times to what RFC 3339 can express.
func isTimestamp(t time.Time) bool {
	year := t.UTC().Year()
	return !t.IsZero() && year >= 1 && year <= 9999
}

// isTraceParent checks the form of W3C Trace Context level 1, section 3.2: longer
// values are allowed for versions other than 00 only.
func isTraceParent(s string) bool {
	const (
		traceID  = 3
		parentID = traceID + 32 + 1
		flags    = parentID + 16 + 1
		length   = flags + 2
	)
	if len(s) < length || len(s) > MaxTraceParentBytes {
		return false
	}
	for i := range length {
		if i == traceID-1 || i == parentID-1 || i == flags-1 {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	switch {
	case s[:2] == "ff":
		return false
	case len(s) > length && (s[:2] == "00" || s[length] != '-' || !isPrintable(s[length:], MaxTraceParentBytes-length)):
		return false
	}
	return !isZeros(s[traceID:parentID-1]) && !isZeros(s[parentID:flags-1])
}

func isSignature(s string) bool {
	if len(s) != signatureDigits {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
}

func isHexAnyCase(c byte) bool {
	return isHex(c) || c >= 'A' && c <= 'F'
}

func isZeros(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}
