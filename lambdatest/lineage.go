package lambdatest

import (
	"hash/crc32"
	"net/url"
	"strconv"
	"strings"
)

// maxChain is how often a function may be invoked in one chain of requests ("Use Lambda recursive loop detection to
// prevent infinite loops" in the Developer Guide: approximately 16 times).
const maxChain = 16

const lineageField = ";Lineage="

// extendLineage counts an invocation of the function with that hash in the trace header, which a function's SDK passes
// on to what it invokes, and returns how many there were before.
//
// AWS does not document the field. Headers that users publish have the form 1:<hash>:<count>; that several functions
// are separated by | is from X-Ray's documentation of an older form.
func extendLineage(header, hash string) (extended string, before int) {
	if strings.Contains(header, "%") { // SDKs escape the separator
		if plain, err := url.PathUnescape(header); err == nil {
			header = plain
		}
	}
	head, lineage, found := strings.Cut(header, lineageField)
	if !found {
		return header + lineageField + "1:" + hash + ":0", 0
	}
	lineage, tail, more := strings.Cut(lineage, ";")
	if more {
		tail = ";" + tail
	}
	entries := strings.Split(lineage, "|")
	for i, entry := range entries {
		rest, ok := strings.CutPrefix(entry, "1:"+hash+":")
		if n, err := strconv.Atoi(rest); ok && err == nil && n >= 0 && n < 1<<20 {
			entries[i] = "1:" + hash + ":" + strconv.Itoa(n+1)
			return head + lineageField + strings.Join(entries, "|") + tail, n + 1
		}
	}
	return head + lineageField + lineage + "|1:" + hash + ":0" + tail, 0
}

// lineageHash names a function in a lineage.
func lineageHash(arn string) string {
	hash := strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(arn))), 16)
	return strings.Repeat("0", 8-len(hash)) + hash
}
