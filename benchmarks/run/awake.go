package run

import "os"

// latencyRequest is Linux's interface for "PM QoS" (Documentation/power/pm_qos_interface.rst): as long as the
// file is open, no processor goes into an idle state that takes longer to leave than the number
// of microseconds that was written. It takes root.
const latencyRequest = "/dev/cpu_dma_latency"

// keepAwake keeps idle processors from sleeping until release is called, if this system and the
// user's rights allow it. Requests come seconds apart, and how long a processor takes to wake is up to
// the machine and, if that is virtual, to whoever else is on the host: a part of an answer
// of half a millisecond that no two runs have in common.
func keepAwake() (awake bool, release func()) {
	f, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	if err != nil {
		return false, func() {}
	}
	release = func() { _ = f.Close() }
	if _, err := f.Write(make([]byte, 4)); err != nil { // 0 µs: poll
		release()
		return false, func() {}
	}
	return true, release
}
