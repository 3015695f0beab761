package lambdatest

import (
	"testing"
	"time"
)

// The clock of a timeout may be late on a busy machine. The parts of the invocation still add up to the timeout.
func TestReportOfALateTimeout(t *testing.T) {
	t.Parallel()
	start := time.Now()
	inv := newInvocation(request{})
	inv.environment = &environment{}
	inv.begin(start, time.Second)
	inv.runtimeDone = start.Add(400 * time.Millisecond)
	inv.end = start.Add(1300 * time.Millisecond)
	inv.fault = timeoutFault(time.Second)
	inv.close(&Function{Timeout: time.Second}, 0)
	if r := inv.report; r.Duration != time.Second || r.BilledDuration != time.Second || r.PostRuntimeDuration != 600*time.Millisecond {
		t.Errorf("%v, %v after the runtime", r, r.PostRuntimeDuration)
	}
}
