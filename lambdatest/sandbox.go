package lambdatest

import (
	"net/http"
	"sync"
	"time"
)

// phase of a sandbox.
type phase int

const (
	phaseInit   phase = iota // until the runtime and every extension asked for their first event
	phaseIdle                // waiting for an event; a managed sandbox stays here
	phaseInvoke              // from the event until everyone asked for the next
	phaseEnding              // being terminated
	phaseDead                // no process left
)

// sandbox is one generation of the processes of an environment, and the endpoint that they talk to.
//
// There is no goroutine that drives it: every request of the runtime and of the extensions, every exit of a process
// and every timer takes the mutex and moves the state on. The caller of an invocation waits for one hand-over only.
type sandbox struct {
	env  *environment
	fn   *Function
	addr string
	srv  *http.Server

	initDuration time.Duration
	progress     chan struct{} // capacity 1: something changed during init
	terminated   chan struct{} // closed in phaseDead

	mu         sync.Mutex
	phase      phase
	frozen     bool
	frozenAt   time.Time // of the last freeze
	killed     bool
	initFault  *fault
	runtime    *process
	externals  []*process
	waiters    []*nextWaiter // runtime requests for the next event, oldest first
	asked      bool          // the runtime has asked for its first event: registration is closed
	extensions []*extension
	current    *invocation            // classic
	running    map[string]*invocation // managed
	late       map[string]struct{}    // managed: timed out, and still held by a worker
}

func newSandbox(e *environment) *sandbox {
	return &sandbox{
		env: e, fn: &e.lambda.fn,
		progress: make(chan struct{}, 1), terminated: make(chan struct{}),
		running: map[string]*invocation{}, late: map[string]struct{}{},
	}
}

func (sb *sandbox) event(kind EventKind, requestID, message string) {
	sb.env.lambda.journal.record(Event{Kind: kind, EnvironmentID: sb.env.id, RequestID: requestID, Message: message})
}

// openID is the request that a line of output belongs to.
func (sb *sandbox) openID() string {
	if inv := sb.env.current.Load(); inv != nil {
		return inv.id
	}
	return ""
}

// processes returns all that were started; some may be gone. The caller holds mu.
func (sb *sandbox) processes() []*process {
	if sb.runtime == nil {
		return sb.externals
	}
	return append(sb.externals[:len(sb.externals):len(sb.externals)], sb.runtime)
}

// begin hands the invocation to the sandbox. False: it cannot take it, because it died meanwhile.
func (sb *sandbox) begin(inv *invocation) bool {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if sb.phase != phaseIdle || sb.fn.managed() && len(sb.waiters) == 0 {
		return false
	}
	sb.env.invocations.Add(1)
	if sb.fn.managed() {
		sb.running[inv.id] = inv
	} else {
		sb.phase = phaseInvoke
		sb.current = inv
		sb.env.current.Store(inv)
	}
	if sb.frozen {
		sb.thaw()
		sb.rest()
	}
	suppressed := !inv.start.IsZero()
	inv.begin(time.Now(), sb.fn.Timeout)
	if !suppressed {
		sb.env.lambda.printStart(inv)
	}
	sb.event(EventInvokeStart, inv.id, "")
	inv.timer = time.AfterFunc(time.Until(inv.deadline), func() { sb.expire(inv) })
	sb.tellExtensions(inv)
	if n := len(sb.waiters); n > 0 {
		w := sb.waiters[0]
		if !sb.fn.managed() {
			w = sb.waiters[n-1] // an older one was given up by a client with a timeout
			sb.waiters = sb.waiters[:0]
		} else {
			sb.waiters = sb.waiters[1:]
		}
		w.event <- inv
	}
	return true
}

// advanceInvocation ends the invocation once the runtime and the extensions that know of it asked for the next event.
// The caller holds mu.
func (sb *sandbox) advanceInvocation() {
	inv := sb.current
	if inv == nil || sb.phase != phaseInvoke || inv.progress != responded || inv.runtimeDone.IsZero() {
		return
	}
	told := false
	for _, x := range sb.extensions {
		if x.busy {
			return
		}
		told = told || x.invoke
	}
	inv.end = time.Now()
	if told {
		sb.event(EventExtensionsDone, inv.id, "")
	} else {
		inv.end = inv.runtimeDone
	}
	inv.timer.Stop()
	sb.phase = phaseIdle
	sb.current = nil
	// With a request waiting there is nothing to save by a freeze. Whoever it is waits for our mutex.
	if !sb.env.lambda.pool.release(sb.env, false) {
		sb.freeze()
	}
	// Last, so that who waits for the report finds the environment frozen.
	sb.env.conclude(inv, sb.settle())
	sb.env.current.Store(nil)
	sb.env.over(inv)
}

// settle logs what the processes have printed and returns the peak of their memory in KB.
func (sb *sandbox) settle() int {
	memory := 0
	for _, p := range sb.externals {
		p.output.drain()
		memory += p.memory.peak()
	}
	if sb.runtime != nil {
		sb.runtime.output.drain()
		memory += sb.runtime.memory.peak()
	}
	return memory
}

// memory is settle for a sandbox that has ended.
func (sb *sandbox) memory() int {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	return sb.settle()
}

// expire is the function's timeout.
func (sb *sandbox) expire(inv *invocation) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	f := timeoutFault(sb.fn.Timeout)
	if sb.fn.managed() {
		if sb.running[inv.id] == inv {
			sb.late[inv.id] = struct{}{} // the code runs on and keeps its worker
			sb.event(EventTimeout, inv.id, "")
			sb.closeManaged(inv, f)
		}
		return
	}
	if sb.phase == phaseInvoke && sb.current == inv {
		sb.event(EventTimeout, inv.id, "")
		sb.failCurrent(f, "TIMEOUT")
	}
}

// failCurrent ends the open invocation and the sandbox with it. The caller holds mu.
func (sb *sandbox) failCurrent(f *fault, reason string) {
	inv := sb.current
	sb.settle() // the memory cannot be read any more when the processes are gone
	sb.phase = phaseEnding
	inv.timer.Stop()
	inv.fault = f
	inv.end = time.Now()
	if inv.stream != nil {
		_ = inv.stream.CloseWithError(inv.failure(f))
	}
	go func() {
		sb.terminate(reason)
		sb.env.lambda.printFault(inv)
		sb.mu.Lock()
		memory := sb.settle()
		sb.current = nil
		sb.mu.Unlock()
		sb.env.conclude(inv, memory)
		sb.env.current.Store(nil)
		sb.env.lambda.pool.release(sb.env, true)
		// The caller hears of it once the environment can be initialised again: its next
		// call then meets this environment, and not a cold start of another.
		inv.fail(f)
		sb.env.over(inv)
	}()
}

// closeManaged ends one of several open invocations, with a fault or without. The caller holds mu.
func (sb *sandbox) closeManaged(inv *invocation, f *fault) {
	delete(sb.running, inv.id)
	inv.timer.Stop()
	inv.end = time.Now()
	inv.fault = f
	memory := sb.settle()
	if f != nil {
		if inv.stream != nil {
			_ = inv.stream.CloseWithError(inv.failure(f))
		}
		inv.fail(f)
		sb.env.lambda.printFault(inv)
	}
	sb.env.conclude(inv, memory)
	sb.env.lambda.pool.leave(sb.env)
	sb.env.over(inv)
}

// exited is called for every process that ended, whatever the reason.
func (sb *sandbox) exited(p *process) {
	message := p.name + ": "
	if p.state != nil {
		message += p.state.String()
	}
	sb.mu.Lock()
	defer sb.mu.Unlock()
	sb.event(EventExit, "", message)
	if sb.phase >= phaseEnding {
		return
	}
	f := exitFault(p.state)
	if p != sb.runtime {
		f = sb.extensionFault(p)
	}
	sb.crash(f, message)
}

// crash ends the sandbox because of a fault of the runtime or of an extension. The caller holds mu.
func (sb *sandbox) crash(f *fault, message string) {
	switch sb.phase {
	case phaseInit:
		if sb.initFault == nil {
			sb.initFault = f
		}
		sb.advance()
	case phaseInvoke:
		sb.event(EventCrash, sb.current.id, message)
		sb.failCurrent(f, "FAILURE")
	case phaseIdle:
		sb.event(EventCrash, "", message)
		sb.phase = phaseEnding
		for _, inv := range sb.running {
			sb.closeManaged(inv, f)
		}
		go sb.discard()
	case phaseEnding, phaseDead:
	}
}

// discard terminates a sandbox that died while no classic invocation was open.
func (sb *sandbox) discard() {
	if sb.fn.managed() { // replaced, not reset
		sb.env.lambda.pool.condemn(sb.env)
	}
	sb.terminate("FAILURE")
	sb.env.lambda.pool.chill(sb.env)
}

// describe fills in what the sandbox knows.
func (sb *sandbox) describe(info *EnvironmentInfo) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	info.Frozen = sb.frozen
	if sb.runtime != nil && sb.phase != phaseDead {
		info.PID = sb.runtime.pid
	}
	for _, x := range sb.extensions {
		info.Extensions = append(info.Extensions, x.name)
	}
	switch {
	case sb.phase == phaseInit:
		info.State = StateInit
	case sb.phase == phaseEnding:
		info.State = StateEnding
	case sb.phase == phaseDead:
		info.State = StateCold
	case len(sb.running) > 0 || sb.current != nil && sb.current.progress != responded:
		info.State = StateRunning
	case sb.current != nil:
		info.State = StateTail
	default:
		info.State = StateIdle
	}
}
