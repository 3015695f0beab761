package sqstest

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// A receipt handle names the queue, the message and which of its receives it came
// from. It begins with AQEB, as those of SQS do, and ends in a checksum so that
// text that was never a handle is told from one that is out of date.
const (
	receiptPrefix = "\x01\x01\x01"
	receiptLength = len(receiptPrefix) + 8 + 8 + 4 + 4
)

type receipt struct {
	queue   uint64
	message uint64
	receive uint32
}

func (r receipt) String() string {
	b := make([]byte, 0, receiptLength)
	b = append(b, receiptPrefix...)
	b = binary.BigEndian.AppendUint64(b, r.queue)
	b = binary.BigEndian.AppendUint64(b, r.message)
	b = binary.BigEndian.AppendUint32(b, r.receive)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.StdEncoding.EncodeToString(b)
}

func parseReceipt(s string) (receipt, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != receiptLength || string(b[:len(receiptPrefix)]) != receiptPrefix {
		return receipt{}, false
	}
	body, sum := b[:receiptLength-4], b[receiptLength-4:]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(sum) {
		return receipt{}, false
	}
	body = body[len(receiptPrefix):]
	return receipt{
		queue:   binary.BigEndian.Uint64(body),
		message: binary.BigEndian.Uint64(body[8:]),
		receive: binary.BigEndian.Uint32(body[16:]),
	}, true
}

// handle is the receipt handle of the latest receive of m.
func (q *queue) handle(m *message) string {
	return receipt{queue: q.id, message: m.key, receive: m.receipt}.String()
}

// lookup finds the message a receipt handle names. The message is nil when it is no
// longer in the queue; latest says whether it has not been received again since.
func (q *queue) lookup(handle string) (m *message, latest bool, err *apiError) {
	r, ok := parseReceipt(handle)
	if !ok || r.queue != q.id {
		return nil, false, kindReceiptHandleIsInvalid.errorf("The input receipt handle %q is not a valid receipt handle.", handle)
	}
	m = q.byKey[r.message]
	if m == nil {
		return nil, false, nil
	}
	return m, m.receipt == r.receive, nil
}
