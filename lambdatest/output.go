package lambdatest

import (
	"bytes"
	"os"
	"sync"
	"time"
)

// maxLine is where an endless line of output is cut into several, so that it cannot fill the memory.
const maxLine = 256 << 10

// output turns what one process prints into log lines. One pipe takes both stdout and stderr, so their order is kept.
//
// Lines are read by a goroutine, and besides by drain: at the end of an invocation everything the process printed is
// in the pipe already, and has to stand in the log before the END line.
type output struct {
	read *os.File
	emit func(at time.Time, line string)

	mu      sync.Mutex
	buf     []byte
	partial []byte
}

// newOutput returns the output and the end of the pipe for the child.
func newOutput(emit func(time.Time, string)) (*output, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &output{read: r, emit: emit, buf: make([]byte, 32<<10)}, w, nil
}

// take splits data into lines. The caller holds mu.
func (o *output) take(data []byte) {
	now := time.Now()
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			o.partial = append(o.partial, data...)
			if len(o.partial) >= maxLine {
				o.flush(now)
			}
			return
		}
		if len(o.partial) > 0 {
			o.partial = append(o.partial, data[:i]...)
			o.flush(now)
		} else {
			o.emit(now, string(bytes.TrimSuffix(data[:i], []byte("\r"))))
		}
		data = data[i+1:]
	}
}

func (o *output) flush(now time.Time) {
	if len(o.partial) > 0 {
		o.emit(now, string(bytes.TrimSuffix(o.partial, []byte("\r"))))
		o.partial = o.partial[:0]
	}
}

// finish ends the output after the process is gone. A process that it started and that left its group may hold the
// pipe open for ever, so the end of the pipe is not waited for.
func (o *output) finish() {
	o.drain()
	o.mu.Lock()
	o.flush(time.Now())
	o.mu.Unlock()
	_ = o.read.Close() // ends run
}
