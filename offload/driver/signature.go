package driver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// MinKeyBytes is the length of the shortest key that [Keys] works with: the size of
// a SHA-256 hash, below which RFC 2104 calls a key too weak for the function.
const MinKeyBytes = sha256.Size

// signatureDigits is the length of a signature.
const signatureDigits = 2 * sha256.Size

var (
	// ErrUnsigned means that an envelope carries no signature where one is demanded.
	ErrUnsigned = errors.New("offload: envelope is not signed")

	// ErrSignature means that an envelope was signed with another key, or altered
	// after it was signed. Which of the two cannot be told.
	ErrSignature = errors.New("offload: envelope has the wrong signature")

	// ErrKey means that a key is missing or shorter than [MinKeyBytes].
	ErrKey = errors.New("offload: unusable signing key")
)

// Keys sign envelopes and verify their signatures, with HMAC-SHA256. With them a
// worker runs tasks of those who have the key, and not of everyone who may write to
// its queue or invoke it.
//
// A signature covers every field of the envelope. It does not cover the time at which
// the envelope is delivered: one that was recorded can be sent again, as at-least-once
// delivery itself may do.
//
// Keys may be used concurrently as long as the slices do not change. Printing or
// logging Keys does not show them.
type Keys struct {
	// Current signs, and verifies. It is required.
	Current []byte

	// Previous verifies too, if it is set. To change keys without refusing a task
	// that is on its way, give the new key to every worker as Previous, then make it
	// Current (with the old one as Previous) everywhere, and drop the old one when no
	// message is older: after the retention time of the queue.
	Previous []byte
}

// Check returns [ErrKey] if a key is unusable, as Sign and Verify would.
func (k Keys) Check() error {
	if len(k.Current) < MinKeyBytes {
		return fmt.Errorf("%w: the current key has %d bytes, it needs %d or more", ErrKey, len(k.Current), MinKeyBytes)
	}
	if len(k.Previous) > 0 && len(k.Previous) < MinKeyBytes {
		return fmt.Errorf("%w: the previous key has %d bytes, it needs %d or more", ErrKey, len(k.Previous), MinKeyBytes)
	}
	return nil
}

// Sign sets e.Signature for the other fields as they are. The only error is [ErrKey].
func (k Keys) Sign(e *Envelope) error {
	if err := k.Check(); err != nil {
		return err
	}
	e.Signature = hex.EncodeToString(computeMAC(k.Current, e.canonical()))
	return nil
}

// Verify returns nil if e was signed with one of the keys and has not changed
// since, and otherwise [ErrUnsigned], [ErrSignature] or [ErrKey]. White space that a
// transport added or removed, the order of attributes and the escapes in them do not
// matter; a transport that rewrites the data itself does (the order of members,
// numbers, escapes). The time it takes does not depend on how wrong a signature is.
func (k Keys) Verify(e *Envelope) error {
	if err := k.Check(); err != nil {
		return err
	}
	if e.Signature == "" {
		return ErrUnsigned
	}
	if !isSignature(e.Signature) {
		return ErrSignature
	}
	signature, err := hex.DecodeString(e.Signature)
	if err != nil {
		return ErrSignature
	}
	message := e.canonical()
	valid := hmac.Equal(signature, computeMAC(k.Current, message))
	if len(k.Previous) > 0 {
		previous := hmac.Equal(signature, computeMAC(k.Previous, message))
		valid = valid || previous
	}
	if !valid {
		return ErrSignature
	}
	return nil
}

// Format prints a placeholder for every verb.
func (k Keys) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted)
}

// LogValue logs a placeholder.
func (k Keys) LogValue() slog.Value {
	return slog.StringValue(redacted)
}

const redacted = "driver.Keys{redacted}"

func computeMAC(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

// canonical is what is signed: a label that no other use of the key has, then each
// field behind its length, so that no two envelopes have the same canonical form. It
// is made of the fields and not of the bytes on the wire, which a transport may
// write anew.
func (e *Envelope) canonical() []byte {
	const label = "offload envelope 1"
	b := make([]byte, 0, len(label)+len(e.ID)+len(e.Source)+len(e.Task)+len(e.TraceParent)+
		len(e.Group)+len(e.Deduplication)+len(e.Data)+canonicalOverhead)
	b = appendField(b, label)
	b = appendField(b, e.ID)
	b = appendField(b, e.Source)
	b = appendField(b, e.Task)
	b = appendInstant(b, e.Time)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Attempt))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Hops))
	b = appendField(b, e.TraceParent)
	b = appendInstant(b, e.NotBefore)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Timeout))
	b = appendField(b, e.Group)
	b = appendField(b, e.Deduplication)
	// Last, it needs no length.
	return appendCompact(b, e.Data)
}

// canonicalOverhead is room for the lengths and the fields of fixed size, and a few
// escapes.
const canonicalOverhead = 128

func appendField(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func appendInstant(b []byte, t time.Time) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(t.Unix()))
	return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond()))
}
