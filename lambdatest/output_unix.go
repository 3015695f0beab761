//go:build unix

package lambdatest

import (
	"errors"
	"syscall"
)

// run reads until the pipe ends or is closed.
func (o *output) run() {
	conn, err := o.read.SyscallConn()
	if err != nil {
		return
	}
	for ended := false; !ended; {
		err := conn.Read(func(fd uintptr) bool {
			var more bool
			more, ended = o.readOnce(fd)
			return more || ended // false: wait until the pipe is readable
		})
		if err != nil {
			return
		}
	}
}

// drain reads what is in the pipe now, without waiting.
func (o *output) drain() {
	conn, err := o.read.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { // fails only when closed: nothing to read then
		for more := true; more; {
			more, _ = o.readOnce(fd)
		}
	})
}

// readOnce reads and emits under one lock, so that whoever finds the pipe empty knows that the lines are out.
func (o *output) readOnce(fd uintptr) (more, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := syscall.Read(int(fd), o.buf)
	switch {
	case n > 0:
		o.take(o.buf[:n])
		return true, false
	case errors.Is(err, syscall.EAGAIN):
		return false, false
	case errors.Is(err, syscall.EINTR):
		return true, false
	}
	return false, true
}
