package lambdatest

import (
	"strconv"
	"time"
)

// Report is what Lambda measured of one invocation, the numbers of its REPORT line.
type Report struct {
	RequestID     string
	EnvironmentID string
	Start         time.Time // when the event was handed to the environment

	// Duration runs from the event to the moment when the runtime and every extension had asked for their next, so it
	// includes whatever ran after the response. It includes an init that had to be repeated inside the invocation
	// (suppressed init) too.
	Duration time.Duration
	// BilledDuration is Duration plus InitDuration, rounded up to a millisecond.
	BilledDuration time.Duration
	// InitDuration of the environment, on its first invocation; else 0.
	InitDuration time.Duration
	// ResponseLatency runs from the event to the first byte of the response.
	ResponseLatency time.Duration
	// ResponseDuration runs from there to the last byte.
	ResponseDuration time.Duration
	// PostRuntimeDuration runs from the runtime's request for its next event to that of the last extension, as the
	// metric PostRuntimeExtensionsDuration.
	PostRuntimeDuration time.Duration

	MemorySize    int // MB, configured
	MaxMemoryUsed int // MB, the peak of the environment's processes since they were started; 0 where there is no /proc

	// Status is "success", "error" (the function failed, or a process died), or "timeout".
	Status string
	// ErrorType of an invocation that did not succeed, for example "Runtime.ExitError".
	ErrorType string
	// ColdStart: the first invocation of its environment.
	ColdStart bool
	// printStatus: only failures that the platform found are named in the REPORT line, not those that a living
	// runtime reported.
	printStatus bool
}

// String formats the report as Lambda's log line.
func (r Report) String() string {
	b := make([]byte, 0, 224)
	b = append(b, "REPORT RequestId: "...)
	b = append(b, r.RequestID...)
	b = append(b, "\tDuration: "...)
	b = appendMillis(b, r.Duration)
	b = append(b, " ms\tBilled Duration: "...)
	b = strconv.AppendInt(b, r.BilledDuration.Milliseconds(), 10)
	b = append(b, " ms\tMemory Size: "...)
	b = strconv.AppendInt(b, int64(r.MemorySize), 10)
	b = append(b, " MB\tMax Memory Used: "...)
	b = strconv.AppendInt(b, int64(r.MaxMemoryUsed), 10)
	b = append(b, " MB\t"...)
	if r.InitDuration > 0 {
		b = append(b, "Init Duration: "...)
		b = appendMillis(b, r.InitDuration)
		b = append(b, " ms\t"...)
	}
	if r.printStatus {
		b = append(b, "Status: "...)
		b = append(b, r.Status...)
		if r.Status != "timeout" {
			b = append(b, "\tError Type: "...)
			b = append(b, r.ErrorType...)
		}
	}
	return string(b)
}

func appendMillis(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, float64(d)/float64(time.Millisecond), 'f', 2, 64)
}

// billed rounds up to the millisecond that Lambda charges.
func billed(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}
