package driver

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode reads an envelope. It is strict, since what it accepts is run: attributes
// that are missing, unknown, repeated, null, of another type or out of bounds,
// invalid UTF-8, invalid JSON, and anything after the object are refused with
// [ErrMalformed]. Members may come in any order and with any white space.
//
// An envelope of a newer version is refused with [ErrVersion] whatever else it
// holds, and one above [MaxEnvelopeBytes] with [ErrTooLarge] unread. Work and
// memory are proportional to len(b); nothing of b is kept. The signature's form is
// checked, the signature is not: see [Keys.Verify].
func Decode(b []byte) (*Envelope, error) {
	if len(b) > MaxEnvelopeBytes {
		return nil, tooLarge(len(b))
	}
	version, ok := sniffVersion(b)
	if !ok {
		return nil, fmt.Errorf("%w: not a JSON object with the attributes %q and %q", ErrMalformed, attrSpecVersion, attrVersion)
	}
	if err := checkVersion(version); err != nil {
		return nil, err
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%w: not valid UTF-8", ErrMalformed)
	}

	d := decoder{scanner: scanner{text: b}}
	d.accept('{')
	for first := true; !d.accept('}'); first = false {
		name, ok := d.member(first)
		if !ok {
			return nil, fmt.Errorf("%w: invalid JSON near byte %d", ErrMalformed, d.at)
		}
		if err := d.attribute(name); err != nil {
			return nil, err
		}
	}
	if !d.atEnd() {
		return nil, fmt.Errorf("%w: more than one JSON value", ErrMalformed)
	}
	if err := d.checkComplete(); err != nil {
		return nil, err
	}
	if err := d.envelope.check(); err != nil {
		return nil, err
	}
	return &d.envelope, nil
}

func checkVersion(digits []byte) error {
	version, err := parseInteger(digits)
	switch {
	case err != nil || version < 1:
		return refuse(attrVersion, "must be an integer above 0")
	case version > EnvelopeVersion:
		return fmt.Errorf("%w: it has version %d and this program reads up to version %d: update the module in the worker before the functions that defer",
			ErrVersion, version, EnvelopeVersion)
	}
	return nil
}

type decoder struct {
	scanner
	envelope Envelope
	seen     attributeSet
}

// attributeSet has a bit for each attribute, in the order of decoderAttributes.
type attributeSet uint32

// required is how many of decoderAttributes must be there; they come first.
const required = 10

var decoderAttributes = [...]string{
	attrSpecVersion, attrVersion, attrID, attrSource, attrType, attrTime, attrDataContentType, attrAttempt, attrHops, attrData,
	attrTraceParent, attrNotBefore, attrTimeout, attrGroup, attrDeduplication, attrSignature,
}

func (d *decoder) checkComplete() error {
	for i, name := range decoderAttributes[:required] {
		if d.seen&(1<<i) == 0 {
			return refuse(name, "is missing")
		}
	}
	return nil
}

// mark notes that the attribute is there and returns its name. It refuses names that
// it does not know and those that it has seen: which of two values counts would be
// up to the reader, and what one reader checks another could run.
func (d *decoder) mark(name []byte) (string, error) {
	for i, known := range decoderAttributes {
		if string(name) != known {
			continue
		}
		if d.seen&(1<<i) != 0 {
			return "", refuse(known, "is there twice")
		}
		d.seen |= 1 << i
		return known, nil
	}
	return "", refuse(shorten(string(name)), "is unknown")
}

func (d *decoder) attribute(written []byte) error {
	name, err := d.mark(written)
	if err != nil {
		return err
	}
	raw, ok := d.value()
	if !ok {
		return refuse(name, "has no value")
	}
	if err := d.assign(name, raw); err != nil {
		return fmt.Errorf("%w: attribute %q: %w", ErrMalformed, name, err)
	}
	return nil
}

func (d *decoder) assign(name string, raw []byte) (err error) {
	e := &d.envelope
	switch name {
	case attrSpecVersion:
		err = parseConstant(raw, specVersion)
	case attrVersion:
		// The value is the one that was sniffed, since there is no second one.
	case attrID:
		e.ID, err = parseString(raw, MaxIDBytes)
	case attrSource:
		e.Source, err = parseString(raw, MaxSourceBytes)
	case attrType:
		e.Task, err = parseString(raw, MaxTaskBytes)
	case attrTime:
		e.Time, err = parseTime(raw)
	case attrDataContentType:
		err = parseConstant(raw, dataContentType)
	case attrAttempt:
		e.Attempt, err = parseInteger(raw)
	case attrHops:
		e.Hops, err = parseInteger(raw)
	case attrTraceParent:
		e.TraceParent, err = parseString(raw, MaxTraceParentBytes)
	case attrNotBefore:
		e.NotBefore, err = parseTime(raw)
	case attrTimeout:
		e.Timeout, err = parseMilliseconds(raw)
	case attrGroup:
		e.Group, err = parseString(raw, MaxGroupBytes)
	case attrDeduplication:
		e.Deduplication, err = parseString(raw, MaxDeduplicationBytes)
	case attrSignature:
		e.Signature, err = parseString(raw, signatureDigits)
	case attrData:
		if !json.Valid(raw) {
			return errors.New("not valid JSON")
		}
		e.Data = appendCompact(make([]byte, 0, len(raw)), raw)
	}
	return err
}

// parseInteger takes the integers of CloudEvents that are not negative, in the one
// way to write each of them: no sign, fraction, exponent or leading zero.
func parseInteger(raw []byte) (int, error) {
	if !isDigits(raw) || len(raw) > 1 && raw[0] == '0' {
		return 0, errors.New("must be an integer of at most 32 bits, not negative")
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n > math.MaxInt32 {
		return 0, errors.New("must be an integer of at most 32 bits, not negative")
	}
	return int(n), nil
}

// parseMilliseconds refuses zero: an attribute without a value is left out.
func parseMilliseconds(raw []byte) (time.Duration, error) {
	n, err := parseInteger(raw)
	if err == nil && n == 0 {
		err = errors.New("must not be 0: an attribute without a value is left out")
	}
	return time.Duration(n) * time.Millisecond, err
}

// parseTime checks the form itself: package time also takes hours of one digit and a
// comma, and drops the digits beyond nanoseconds.
func parseTime(raw []byte) (time.Time, error) {
	s, err := parseString(raw, len("2006-01-02T15:04:05.123456789+00:00"))
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !isRFC3339(s) {
		return time.Time{}, errors.New("must be a timestamp of RFC 3339 with at most nine digits after the point")
	}
	if t.IsZero() {
		return time.Time{}, errors.New("must not be the first instant of the year 1, which stands for no time")
	}
	return t.UTC(), nil
}

func isRFC3339(s string) bool {
	const seconds, nanoseconds = "dddd-dd-ddTdd:dd:dd", 9
	if len(s) <= len(seconds) || !hasForm(s[:len(seconds)], seconds) {
		return false
	}
	rest := s[len(seconds):]
	if rest[0] == '.' {
		rest = strings.TrimLeft(rest[1:], "0123456789")
		if digits := len(s) - len(seconds) - 1 - len(rest); digits < 1 || digits > nanoseconds {
			return false
		}
	}
	if rest == "Z" {
		return true
	}
	// Package time lets an offset of 24 hours pass.
	return (hasForm(rest, "+dd:dd") || hasForm(rest, "-dd:dd")) && rest[1:3] < "24"
}

// hasForm compares s with a form in which d stands for any digit.
func hasForm(s, form string) bool {
	if len(s) != len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == 'd' && (s[i] < '0' || s[i] > '9') || form[i] != 'd' && s[i] != form[i] {
			return false
		}
	}
	return true
}

func parseConstant(raw []byte, want string) error {
	if s, err := parseString(raw, len(want)); err != nil || s != want {
		return fmt.Errorf("must be %q", want)
	}
	return nil
}

// parseString returns a string of at most limit bytes. It copies.
func parseString(raw []byte, limit int) (string, error) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", errors.New("must be a string")
	}
	raw = raw[1 : len(raw)-1]
	if len(raw) == 0 {
		return "", errors.New("must not be empty: an attribute without a value is left out")
	}
	// An escape is at most six times as long as the byte that it stands for.
	const longestEscape = len(`\u0041`)
	if len(raw) > longestEscape*limit {
		return "", fmt.Errorf("must have at most %d bytes", limit)
	}
	s, err := unescape(raw)
	if err != nil {
		return "", err
	}
	if len(s) > limit {
		return "", fmt.Errorf("must have at most %d bytes", limit)
	}
	return s, nil
}

// unescape resolves the escapes of a JSON string. json.Unmarshal would turn half a
// surrogate pair into U+FFFD: two strings on the wire would be one here.
func unescape(raw []byte) (string, error) {
	plain := true
	for _, c := range raw {
		if c < ' ' {
			return "", errors.New("contains a control character")
		}
		plain = plain && c != '\\'
	}
	if plain {
		return string(raw), nil
	}
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b = append(b, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'u':
			r, length := unescapeRune(raw[i-1:])
			if length == 0 {
				return "", errors.New("contains an invalid escape")
			}
			b = utf8.AppendRune(b, r)
			i += length - len(`\u`)
		default:
			// \b, \f, \n, \r and \t stand for control characters, which no attribute has.
			return "", errors.New("contains an invalid escape, or one of a control character")
		}
	}
	return string(b), nil
}

// unescapeRune reads \uXXXX, or two of them that form a surrogate pair, from the
// start of raw. Its length is 0 if there is no such thing.
func unescapeRune(raw []byte) (r rune, length int) {
	const escape = len(`\uXXXX`)
	r, ok := hexRune(raw)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, escape
	}
	low, ok := hexRune(raw[escape:])
	if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
		return pair, 2 * escape
	}
	return 0, 0
}

func hexRune(raw []byte) (rune, bool) {
	if len(raw) < len(`\uXXXX`) || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range raw[2:6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// shorten keeps what a stranger wrote from filling our log.
func shorten(name string) string {
	const limit = 32
	if len(name) > limit {
		return name[:limit] + "..."
	}
	return name
}
