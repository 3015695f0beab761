package lambdatest

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"
)

// newUUID returns a version 4 UUID. Nothing here rests on its being unpredictable.
func newUUID() string {
	var raw [16]byte
	fill(raw[:])
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	var b [36]byte
	hex.Encode(b[0:8], raw[0:4])
	hex.Encode(b[9:13], raw[4:6])
	hex.Encode(b[14:18], raw[6:8])
	hex.Encode(b[19:23], raw[8:10])
	hex.Encode(b[24:36], raw[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// isUUID tells whether s has the form of a UUID.
func isUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i, c := range []byte(s) {
		hexDigit := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		if !hexDigit && i != 8 && i != 13 && i != 18 && i != 23 {
			return false
		}
	}
	return true
}

// newTraceID returns an X-Ray trace header that is not sampled: nothing here receives segments.
func newTraceID() string {
	var raw [20]byte
	fill(raw[:])
	b := make([]byte, 0, 74)
	b = append(b, "Root=1-"...)
	b = append(b, strconv.FormatInt(time.Now().Unix(), 16)...)
	b = append(b, '-')
	b = hex.AppendEncode(b, raw[:12])
	b = append(b, ";Parent="...)
	b = hex.AppendEncode(b, raw[12:])
	return string(append(b, ";Sampled=0"...))
}

func fill(b []byte) {
	for len(b) > 0 {
		v := rand.Uint64()
		for i := 0; i < 8 && len(b) > 0; i++ {
			b[0] = byte(v)
			v >>= 8
			b = b[1:]
		}
	}
}
