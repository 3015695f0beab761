package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line, in bytes with its line end: some ten thousand
// attempts of one request.
const MaxLine = 4 << 20

var (
	// ErrLine is wrapped by errors about a line that no Writer of this format
	// wrote; the message names the line's number.
	ErrLine = errors.New("record: bad line")
	// ErrFormat is wrapped when the file is of another version of the format, or
	// no file of this kind at all.
	ErrFormat = errors.New("record: not a file of this format")
)

// errCut is the last line of a run that was killed while writing.
var errCut = errors.New("record: the last line is cut off")

// lineReader reads one line after the other.
type lineReader struct {
	from *bufio.Reader
	line int
	read int64
}

// newLineReader reads an uncompressed file.
func newLineReader(from io.Reader) *lineReader {
	return &lineReader{from: bufio.NewReaderSize(from, 64<<10)}
}

// next returns the next line, io.EOF after the last one, or errCut for a last
// line that has no end.
func (r *lineReader) next() (Line, error) {
	var raw []byte
	for {
		part, err := r.from.ReadSlice('\n')
		if len(raw)+len(part) > MaxLine {
			return nil, fmt.Errorf("%w %d: longer than %d bytes", ErrLine, r.line+1, MaxLine)
		}
		raw = append(raw, part...)
		switch {
		case err == nil:
			r.line++
			r.read += int64(len(raw))
			return r.decode(raw)
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(raw) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, errCut
		default:
			return nil, err
		}
	}
}

func (r *lineReader) decode(raw []byte) (Line, error) {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("%w %d: %w", ErrLine, r.line, err)
	}
	var (
		line Line
		err  error
	)
	switch head.Kind {
	case "run":
		line, err = strict[runLine](raw)
	case "workload":
		line, err = strict[workloadLine](raw)
	case "request":
		line, err = strict[requestLine](raw)
	case "round":
		line, err = strict[roundLine](raw)
	default:
		return nil, fmt.Errorf("%w %d: kind %q; run, workload, request and round are known", ErrLine, r.line, head.Kind)
	}
	if err != nil {
		return nil, fmt.Errorf("%w %d: %w", ErrLine, r.line, err)
	}
	return line, nil
}

// The kind beside the fields of each line, for strict decoding.
type (
	runLine struct {
		Kind string `json:"kind"`
		Run
	}
	workloadLine struct {
		Kind string `json:"kind"`
		Workload
	}
	requestLine struct {
		Kind string `json:"kind"`
		Request
	}
	roundLine struct {
		Kind string `json:"kind"`
		Round
	}
)

func (l *runLine) body() Line      { return &l.Run }
func (l *workloadLine) body() Line { return &l.Workload }
func (l *requestLine) body() Line  { return &l.Request }
func (l *roundLine) body() Line    { return &l.Round }

// strict decodes one object and refuses fields that it does not know: a reader
// that ignored a field could show half of the truth.
func strict[T any, P interface {
	*T
	body() Line
}](raw []byte) (Line, error) {
	p := P(new(T))
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	if rest, err := io.ReadAll(d.Buffered()); err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("something follows the object")
	}
	return p.body(), nil
}
