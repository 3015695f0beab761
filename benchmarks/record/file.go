package record

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// File is a file read as a whole. Only complete rounds are in it.
type File struct {
	Run       Run
	Workloads []Workload // in the order of their first round
	Requests  []Request
	Rounds    []Round
	// Cut: the run was interrupted while it wrote; what it left of a round was
	// ignored.
	Cut bool
	// Size is where the last complete round ends, in bytes of the uncompressed
	// file: a resumed run goes on from there.
	Size int64
}

// Workload returns the workload of a name.
func (f *File) Workload(name string) (Workload, bool) {
	for _, w := range f.Workloads {
		if w.Name == name {
			return w, true
		}
	}
	return Workload{}, false
}

// Open reads the file at a path, compressed with gzip or not. Errors are those
// of the file system and of Read.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var from io.Reader = bufio.NewReader(f)
	if magic, _ := from.(*bufio.Reader).Peek(2); string(magic) == "\x1f\x8b" {
		if from, err = gzip.NewReader(from); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	file, err := Read(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// Read reads an uncompressed file. The error wraps ErrFormat if it does not
// begin with the run line of this version, ErrLine for a line that is damaged in
// any other way than being the last one without its end, or is the reader's.
func Read(from io.Reader) (*File, error) {
	r := newLineReader(from)
	first, err := r.next()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	run, ok := first.(*Run)
	if !ok {
		return nil, fmt.Errorf("%w: it begins with a %s line", ErrFormat, first.kind())
	}
	if run.Format != Format {
		return nil, fmt.Errorf("%w: version %d, this program reads version %d", ErrFormat, run.Format, Format)
	}
	f := &File{Run: *run, Size: r.read}
	var open []Request // of the round whose end has not come yet
	for {
		line, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			f.Cut = len(open) > 0
			return f, nil
		case errors.Is(err, errCut):
			f.Cut = true
			return f, nil
		case err != nil:
			return nil, err
		}
		if open, err = f.add(line, open); err != nil {
			return nil, fmt.Errorf("%w %d: %w", ErrLine, r.line, err)
		}
		if len(open) == 0 {
			f.Size = r.read
		}
	}
}

// add takes a line into the file and returns the requests that wait for the end
// of their round.
func (f *File) add(line Line, open []Request) ([]Request, error) {
	switch l := line.(type) {
	case *Workload:
		if _, twice := f.Workload(l.Name); twice || len(open) > 0 {
			return nil, fmt.Errorf("workload %q comes twice, or in the middle of a round", l.Name)
		}
		f.Workloads = append(f.Workloads, *l)
	case *Request:
		return append(open, *l), nil
	case *Round:
		if _, known := f.Workload(l.Workload); !known {
			return nil, fmt.Errorf("the workload %q was not announced", l.Workload)
		}
		if len(open) != l.Requests {
			return nil, fmt.Errorf("round %d of %s on %s has %d requests and says %d", l.Round, l.Contestant, l.Workload, len(open), l.Requests)
		}
		for i := range open {
			if q := &open[i]; q.Workload != l.Workload || q.Contestant != l.Contestant || q.Round != l.Round {
				return nil, fmt.Errorf("round %d of %s on %s holds a request of round %d of %s on %s",
					l.Round, l.Contestant, l.Workload, q.Round, q.Contestant, q.Workload)
			}
		}
		f.Requests = append(f.Requests, open...)
		f.Rounds = append(f.Rounds, *l)
	default:
		return nil, fmt.Errorf("a second %s line", line.kind())
	}
	return nil, nil
}
