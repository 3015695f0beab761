package lambdatest

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// processGroup puts the child into a group of its own and has the kernel kill it when we die, however we die.
func processGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// memoryMeter reads the peak memory of a process. It keeps the file open: that saves two thirds of the time of a
// reading, and there is one per invocation.
type memoryMeter struct {
	mu     sync.Mutex
	status *os.File
	buf    []byte
	peakKB int
}

func (m *memoryMeter) open(pid int) {
	m.buf = make([]byte, 4096)
	m.status, _ = os.Open("/proc/" + strconv.Itoa(pid) + "/status") // without it the peak stays 0
}

// peak is the high-water mark in KB.
func (m *memoryMeter) peak() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status == nil {
		return m.peakKB
	}
	n, _ := m.status.ReadAt(m.buf, 0) // io.EOF always, and nothing else matters
	_, line, found := bytes.Cut(m.buf[:n], []byte("VmHWM:"))
	if !found { // a zombie has no memory any more
		return m.peakKB
	}
	kb := 0
	for _, c := range bytes.TrimLeft(line, " \t") {
		if c < '0' || c > '9' {
			break
		}
		kb = kb*10 + int(c-'0')
	}
	m.peakKB = max(m.peakKB, kb)
	return m.peakKB
}

// close must be called before the number of the process can be used again. The rusage of the process is no help: a
// child inherits the peak of whoever started it.
func (m *memoryMeter) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status != nil {
		_ = m.status.Close()
		m.status = nil
	}
}
