package main

import (
	"runtime"
	"syscall"
	"time"
)

// rusageThread is RUSAGE_THREAD of getrusage(2), which package syscall lacks.
const rusageThread = 1

// burn uses the processor for d of its own time, however long that takes when
// others want it too.
func burn(d time.Duration) {
	if d <= 0 {
		return
	}
	runtime.LockOSThread() // it is this thread's time that is counted
	defer runtime.UnlockOSThread()
	for end := threadTime() + d; threadTime() < end; {
		spin()
	}
}

func threadTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &u); err != nil {
		panic(err) // only for a thread or a buffer that is not there
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
