package load

import (
	"syscall"
	"time"
)

// doze sleeps for about d, some 60 microseconds longer: the thread does, without
// Go's timers. A signal ends it early.
func doze(d time.Duration) {
	wait := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&wait, nil)
}
