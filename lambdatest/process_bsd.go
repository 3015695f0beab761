//go:build unix && !linux

package lambdatest

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
)

func processGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// memoryMeter knows the peak memory of a process only once it has ended.
type memoryMeter struct{ peakKB atomic.Int64 }

func (m *memoryMeter) open(int) {}

func (m *memoryMeter) peak() int { return int(m.peakKB.Load()) }

func (m *memoryMeter) close(state *os.ProcessState) {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return
	}
	kb := usage.Maxrss
	if runtime.GOOS == "darwin" { // bytes there, kilobytes elsewhere
		kb /= 1024
	}
	m.peakKB.Store(int64(kb))
}
