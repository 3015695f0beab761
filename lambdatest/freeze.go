package lambdatest

import "time"

// A Go program can lose timers when it is stopped inside its scheduler. A thread that looks for work reads the clock,
// sleeps some microseconds in between, and then waits in epoll for as long as the next timer has to run, by the clock as
// it was before the freeze. An event from the network ends that wait, unless another thread has taken the event first:
// then a timer that the handler sets does not, because the scheduler believes that the thread will be awake by then. The
// timer fires when the wait is over, at the latest as long after it was due as the freeze took.
//
// So the processes come to rest before they get the event. Then it is the waiting thread that it wakes.
const (
	// restAfterThaw is far longer than the thread needs when a processor is free.
	restAfterThaw = time.Millisecond
	// longFreeze is the shortest freeze after which they rest: after a shorter one a late timer does not matter much.
	longFreeze = 100 * time.Millisecond
)

func (sb *sandbox) freeze() {
	if sb.frozen || sb.fn.DisableFreeze || sb.fn.managed() {
		return
	}
	sb.frozen = true
	for _, p := range sb.externals {
		p.stop()
	}
	sb.runtime.stop()
	sb.frozenAt = time.Now()
	sb.event(EventFreeze, "", "")
}

func (sb *sandbox) thaw() {
	if !sb.frozen {
		return
	}
	sb.frozen = false
	if sb.runtime != nil {
		sb.runtime.resume()
	}
	for _, p := range sb.externals {
		p.resume()
	}
	sb.event(EventThaw, "", "")
}

// rest holds up the event after a long freeze. It is not part of the invocation. The caller holds mu: a process that asks
// for something meanwhile waits.
func (sb *sandbox) rest() {
	if time.Since(sb.frozenAt) >= longFreeze {
		time.Sleep(restAfterThaw) //nolint:forbidigo // nothing tells from outside that they rest
	}
}
