// Package headerfield keeps the headers of a response apart. The formats in which a function passes them on have no
// other protection against a name or a value that brings a second header with it.
package headerfield

import (
	"net/textproto"
	"strings"
)

// ValidName reports whether name is a token (RFC 9110, section 5.6.2).
func ValidName(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return name != ""
}

// Value makes line breaks spaces, and leaves out space at the ends, as net/http does.
func Value(v string) string { return textproto.TrimString(oneLine.Replace(v)) }

var oneLine = strings.NewReplacer("\n", " ", "\r", " ")
