package offload

// loan says who has the goroutine of the runtime loop. Tasks run on it where the
// keeper allows: that spares every invocation a goroutine and two context switches. A task that
// ignores the end of its context would then keep the runtime from asking for the next
// event, and Lambda would reset the environment at the timeout; so at the hard
// deadline another goroutine takes over the loop, and this one never goes back to it.
type loan = int32

const (
	withheld loan = iota // the tail gets a goroutine of its own
	offered              // the goroutine that closes the response may run the tail
	lent                 // it does
	replaced             // another one is in its place
)

// offerLoop lets the tail run on the calling goroutine, if that can be replaced. If the
// process is about to exit, or failed, the loop must go on with this very goroutine.
func (s *scope) offerLoop() {
	if s.off.loop != nil && !s.final {
		s.loan.Store(offered)
	}
}

// withdrawLoop ends the offer: a keeper that calls RunHere from now on is on another goroutine.
func (s *scope) withdrawLoop() { s.loan.CompareAndSwap(offered, withheld) }

// returnLoop gives the calling goroutine back to the runtime loop, or parks it for good if the
// loop has another one by now: two of them would take each other's events. One that a task has
// ended has not returned, and the tail goes on without it, and the loop after the tail. It is
// parked too, for otherwise the deferred functions of main would run.
func (s *scope) returnLoop(returned bool) {
	if !returned || !s.loan.CompareAndSwap(lent, withheld) {
		select {}
	}
}

// replaceLoop sees to it that the runtime loop goes on without a goroutine that a task keeps.
func (s *scope) replaceLoop() {
	if s.loan.CompareAndSwap(lent, replaced) {
		go s.off.loop()
	}
}
