package sqstest

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

func md5Hex(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// attributesMD5 is the digest of message attributes that SDKs compare with their own
// (DG sqs-message-metadata): by name, each part with its length, and one byte for
// how the value travels. It is empty if there are no attributes.
func attributesMD5(attributes map[string]attributeValue) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	part := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		part(name)
		part(a.DataType)
		if strings.HasPrefix(a.DataType, "Binary") {
			b = append(b, 2)
		} else {
			b = append(b, 1)
		}
		part(a.value())
	}
	return md5Hex(b)
}

// value is the value of either transport type as bytes.
func (a attributeValue) value() string {
	if strings.HasPrefix(a.DataType, "Binary") {
		return string(a.BinaryValue)
	}
	if a.StringValue == nil {
		return ""
	}
	return *a.StringValue
}
