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
			var n int
			n, ended = o.readOnce(fd)
			return n > 0 || ended // false: wait until the pipe is readable
		})
		if err != nil {
			return
		}
	}
}

// drain reads what is in the pipe now, without waiting: at most what it holds, or a process that never stops printing would
// keep us here, and its timeout with us.
func (o *output) drain() {
	conn, err := o.read.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { // fails only when closed: nothing to read then
		for total := 0; total < pipeCapacity; {
			n, _ := o.readOnce(fd)
			if n == 0 {
				return
			}
			total += n
		}
	})
}

// pipeCapacity is that of Linux ("Pipe capacity" in pipe(7)); elsewhere pipes hold no more.
const pipeCapacity = 64 << 10

// readOnce reads and emits under one lock, so that whoever finds the pipe empty knows that the lines are out.
func (o *output) readOnce(fd uintptr) (n int, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		n, err := syscall.Read(int(fd), o.buf)
		switch {
		case n > 0:
			o.take(o.buf[:n])
			return n, false
		case errors.Is(err, syscall.EINTR):
			continue
		}
		return 0, !errors.Is(err, syscall.EAGAIN)
	}
}
