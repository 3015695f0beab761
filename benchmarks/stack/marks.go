package stack

import (
	"errors"
	"sync"

	"github.com/go-offload/lambda/benchmarks/wire"
)

// maxMarks bounds what a function that went mad can make us keep.
const maxMarks = 1 << 20

// marks collects the marks of a log. It is the Output of a local function, which
// writes line by line, and may be used concurrently.
type marks struct {
	mu   sync.Mutex
	kept []wire.Mark
	err  error // the first line that begins like a mark and is none
}

// Write takes one line.
func (m *marks) Write(line []byte) (int, error) {
	mark, ok, err := wire.ParseMark(line)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err != nil && m.err == nil:
		m.err = err
	case ok && len(m.kept) == maxMarks:
		m.err = errors.New("the function prints more marks than any round needs")
	case ok:
		m.kept = append(m.kept, mark)
	}
	return len(line), nil
}

// take returns what was collected since the last call.
func (m *marks) take() ([]wire.Mark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, err := m.kept, m.err
	m.kept, m.err = nil, nil
	return kept, err
}
