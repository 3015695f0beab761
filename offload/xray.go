package offload

import (
	"strconv"
	"strings"
)

// xrayKey is the key under which aws-lambda-go puts an invocation's X-Ray trace header
// into its context.
const xrayKey = "x-amzn-trace-id"

// xrayHeader gives the invocation's X-Ray trace header, or "".
func (s *scope) xrayHeader() string {
	header, _ := s.tail.values().Value(xrayKey).(string)
	return header
}

// The fields of an X-Ray trace header that are read here, as in
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=…"
// (AWS X-Ray Developer Guide, "Tracing header").
const (
	xrayRoot    = "Root="
	xrayParent  = "Parent="
	xraySampled = "Sampled="
)

// traceParentOfXRay gives the W3C trace context that means the same as an X-Ray header, or ""
// if the header does not name a trace and a parent. The two differ in notation only: Root is the trace ID
// with its first 8 digits, the time, set apart.
func traceParentOfXRay(header string) string {
	traceID, parent, sampled := parseXRay(header)
	if traceID == "" || parent == "" {
		return ""
	}
	flags := "-00"
	if sampled {
		flags = "-01"
	}
	return "00-" + traceID + "-" + parent + flags
}

// parseXRay gives the IDs in the notation of W3C Trace Context; "" for what is
// missing or is no ID.
func parseXRay(header string) (traceID, parent string, sampled bool) {
	for field := range strings.SplitSeq(header, ";") {
		field = strings.TrimSpace(field)
		if v, ok := strings.CutPrefix(field, xrayRoot); ok {
			traceID = xrayTraceID(v)
		} else if v, ok := strings.CutPrefix(field, xrayParent); ok && isHexID(v, 16) {
			parent = strings.ToLower(v)
		} else if v, ok := strings.CutPrefix(field, xraySampled); ok {
			sampled = v == "1"
		}
	}
	return traceID, parent, sampled
}

// xrayTraceID makes 32 digits of 1-8 digits-24 digits.
func xrayTraceID(root string) string {
	const version, second = len("1-"), len("1-5759e988-")
	if len(root) != second+24 || root[:version] != "1-" || root[second-1] != '-' {
		return ""
	}
	id := strings.ToLower(root[version:second-1] + root[second:])
	if !isHexID(id, 32) {
		return ""
	}
	return id
}

// isHexID reports whether s is n hexadecimal digits, not all of them 0.
func isHexID(s string, n int) bool {
	if len(s) != n || strings.Trim(s, "0") == "" {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		if (s[i] < '0' || s[i] > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// xrayWithParent puts the span of a trace context into an X-Ray header, so that what X-Ray sees of the
// destination hangs below that span. It does so only where both speak of the same trace: they do
// if the tracer takes its trace from X-Ray. Everything else in the header stays as it is, above all
// Lineage, with which Lambda counts the rounds of functions that call each other.
func xrayWithParent(header, traceParent string) string {
	traceID, _, _ := parseXRay(header)
	if traceID == "" || len(traceParent) < 55 || traceParent[3:35] != traceID {
		return header
	}
	sampled := "0"
	if flags, err := strconv.ParseUint(traceParent[53:55], 16, 8); err == nil && flags&1 == 1 {
		sampled = "1"
	}
	var out []string
	for field := range strings.SplitSeq(header, ";") {
		field = strings.TrimSpace(field)
		switch {
		case strings.HasPrefix(field, xrayRoot):
			out = append(out, field, xrayParent+traceParent[36:52], xraySampled+sampled)
		case strings.HasPrefix(field, xrayParent), strings.HasPrefix(field, xraySampled), field == "":
		default:
			out = append(out, field)
		}
	}
	return strings.Join(out, ";")
}
