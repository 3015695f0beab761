package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes lines. It is not for concurrent use.
type Writer struct {
	to  io.Writer
	buf bytes.Buffer
}

// NewWriter returns a Writer. It does not buffer between calls.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write writes lines with a single Write, so that the lines of a round are in
// the file together or, but for a crash of the machine, not at all. A line above
// MaxLine is an error that wraps ErrLine, and nothing is written.
func (w *Writer) Write(lines ...Line) error {
	w.buf.Reset()
	for _, line := range lines {
		b, err := json.Marshal(line)
		if err != nil {
			return fmt.Errorf("record: encode a %s line: %w", line.kind(), err)
		}
		// Kind first: a person reads the file too, and the reader needs it first.
		before := w.buf.Len()
		fmt.Fprintf(&w.buf, `{"kind":%q,`, line.kind())
		w.buf.Write(b[1:])
		w.buf.WriteByte('\n')
		if n := w.buf.Len() - before; n > MaxLine {
			return fmt.Errorf("%w: a %s line has %d bytes, at most %d are allowed", ErrLine, line.kind(), n, MaxLine)
		}
	}
	_, err := w.to.Write(w.buf.Bytes())
	return err
}
