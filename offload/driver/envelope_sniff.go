package driver

import "bytes"

// Sniff reports whether b is an envelope, of any version: a JSON object with the
// CloudEvents attribute specversion and our own offloadversion among its
// members. It is asked about every event of a function that is its own worker, so
// it is cheap: it stops at the first member that no envelope has, which is the
// first one in the events that AWS services send, looks at 60 bytes of an
// envelope, and at nothing in an event above [MaxEnvelopeBytes]. Only a
// CloudEvent of somebody else is walked through, without parsing its data.
//
// A program's own CloudEvents are never taken for envelopes, whatever their data,
// unless they have an attribute of the name offloadversion and an integer in it.
// A positive answer does not mean that the rest is well-formed, or is to be
// trusted: that is for [Decode] and [Keys.Verify] to say.
func Sniff(b []byte) bool {
	_, ok := sniffVersion(b)
	return ok
}

// sniffVersion returns the version's digits.
func sniffVersion(b []byte) (version []byte, ok bool) {
	if len(b) > MaxEnvelopeBytes {
		return nil, false
	}
	s := scanner{text: b}
	if !s.accept('{') {
		return nil, false
	}
	specified := false
	for first := true; ; first = false {
		name, ok := s.member(first)
		if !ok || !isEnvelopeAttribute(name) {
			return nil, false
		}
		value, ok := s.value()
		if !ok {
			return nil, false
		}
		switch string(name) {
		case attrSpecVersion:
			specified = value[0] == '"'
		case attrVersion:
			if !isDigits(value) {
				return nil, false
			}
			version = value
		}
		if specified && version != nil {
			return version, true
		}
	}
}

// isEnvelopeAttribute knows the attributes of CloudEvents, those of its distributed
// tracing extension and, by their prefix, ours: also those of versions to come.
func isEnvelopeAttribute(name []byte) bool {
	switch string(name) {
	case attrSpecVersion, attrID, attrSource, attrType, attrTime, attrDataContentType, attrData,
		"subject", "dataschema", "data_base64", attrTraceParent, "tracestate":
		return true
	}
	return bytes.HasPrefix(name, []byte("offload"))
}

// isDigits takes the integers of CloudEvents, which have 32 bits.
func isDigits(value []byte) bool {
	const digits = 10
	if len(value) == 0 || len(value) > digits {
		return false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
