package lambdatest

import (
	"sync"
	"sync/atomic"
	"time"
)

// environment is an execution environment: one sandbox after another. A sandbox that crashed or ran out of time is
// replaced inside the next invocation (suppressed init); the environment keeps its identity, as on AWS.
type environment struct {
	id        string
	logStream string
	lambda    *Lambda
	created   time.Time

	sandbox     atomic.Pointer[sandbox]
	invocations atomic.Int64
	current     atomic.Pointer[invocation] // open, unless managed
	// answeredAt is when an invocation was answered last, in Unix nanoseconds; 0 when there is nothing to wait for.
	answeredAt atomic.Int64

	goneOnce   sync.Once
	retireOnce sync.Once
	gone       chan struct{} // closed when no process is left and the pool has forgotten it

	// Guarded by the pool's mutex.
	free     int  // slots on offer
	reserved int  // workers that the invocation which created it is going to use
	open     int  // invocations that hold it
	cold     bool // needs an init inside the next invocation
	retiring bool // takes no more requests
	lost     bool // killed
	usedAt   time.Time
	reaper   *time.Timer
}

func newEnvironment(l *Lambda) *environment {
	now := time.Now()
	id := newUUID()
	return &environment{
		id: id, lambda: l, created: now, gone: make(chan struct{}),
		logStream: now.UTC().Format("2006/01/02") + "/[" + functionVersion + "]" + id,
	}
}

// start initialises the environment and runs the invocation it was acquired for. It runs on a goroutine of its own:
// the init goes on when the caller has gone.
func (e *environment) start(inv *invocation) {
	fn := &e.lambda.fn
	if old := e.sandbox.Load(); old != nil {
		<-old.terminated
	} else {
		sb, f := e.initialise("init", fn.InitTimeout)
		if f == nil {
			inv.coldStart, inv.initDuration = true, sb.initDuration
			if sb.begin(inv) {
				return
			}
		}
	}
	// The init is repeated inside the invocation: its time counts as the function's.
	inv.begin(time.Now(), fn.Timeout)
	inv.coldStart, inv.initDuration, inv.environment = false, 0, e
	if !fn.managed() {
		e.current.Store(inv)
	}
	e.lambda.printStart(inv)
	sb, f := e.initialise("invoke", fn.Timeout)
	if f == nil {
		if sb.begin(inv) {
			return
		}
		f = &fault{errorType: errSandboxFailure, message: "the environment ended before the event could be delivered", at: time.Now()}
	}
	inv.end = f.at
	inv.fault = f
	if e.lambda.pool.isClosed() {
		inv.answer(reply{err: ErrClosed})
	}
	e.lambda.printFault(inv)
	memory := 0
	if sb != nil {
		memory = sb.memory()
	}
	e.conclude(inv, memory)
	e.current.Store(nil)
	e.lambda.pool.release(e, true)
	inv.fail(f)       // after the release: the caller's next call meets this environment
	if fn.managed() { // such environments are replaced, not reset
		e.lambda.pool.kill([]*environment{e})
	}
	e.over(inv)
}

// initialise starts a sandbox and waits until it is ready. On a fault it is terminated already.
func (e *environment) initialise(phase string, limit time.Duration) (*sandbox, *fault) {
	start := time.Now()
	if e.lambda.pool.isLost(e) {
		return nil, &fault{errorType: errSandboxFailure, message: "the environment was killed", at: start}
	}
	e.lambda.journal.record(Event{Time: start, Kind: EventInitStart, EnvironmentID: e.id, Message: phase})
	sb := newSandbox(e)
	e.sandbox.Store(sb)
	if e.lambda.pool.isLost(e) { // killed before there was anything to kill
		sb.kill()
	}
	f := sb.init(limit)
	took := time.Since(start)
	if f == nil {
		sb.initDuration = took
		e.lambda.journal.record(Event{Kind: EventInitEnd, EnvironmentID: e.id})
		return sb, nil
	}
	if f.timeout {
		e.lambda.journal.record(Event{Kind: EventTimeout, EnvironmentID: e.id, Message: "init"})
		took = limit
	}
	end := start.Add(took) // the shutdown is nobody's time
	sb.end("FAILURE")
	e.lambda.journal.record(Event{Kind: EventInitEnd, EnvironmentID: e.id, Message: f.errorType + ": " + f.message})
	line := string(appendMillis([]byte("INIT_REPORT Init Duration: "), took)) + " ms\tPhase: " + phase + "\tStatus: " + f.status()
	if !f.timeout {
		line += "\tError Type: " + f.errorType
	}
	e.lambda.print(e.id, "", line)
	if phase == "invoke" && f.timeout {
		f = timeoutFault(limit)
	}
	f.at = end
	return sb, f
}

// conclude records the end of an invocation whose times and fault are set.
func (e *environment) conclude(inv *invocation, memoryKB int) {
	inv.close(&e.lambda.fn, memoryKB)
	e.lambda.printEnd(inv)
	e.lambda.journal.report(&inv.report)
}

// over is the very last step of an invocation, after the freeze.
func (e *environment) over(inv *invocation) {
	close(inv.ended)
	e.lambda.pool.done(e)
}

// retire ends an idle environment in peace.
func (e *environment) retire() {
	e.retireOnce.Do(func() {
		if sb := e.sandbox.Load(); sb != nil {
			sb.end("SPINDOWN")
		}
		e.lose()
	})
}

// lose tells that nothing is left of the environment.
func (e *environment) lose() {
	e.goneOnce.Do(func() {
		e.lambda.pool.remove(e)
		close(e.gone)
	})
}

// loseIfDead is lose, unless processes are still being ended by someone who will call lose.
func (e *environment) loseIfDead() {
	sb := e.sandbox.Load()
	if sb != nil {
		select {
		case <-sb.terminated:
		default:
			return
		}
	}
	e.lose()
}

// kill sends SIGKILL to everything and returns whether there was a sandbox to end by it.
func (e *environment) kill() bool {
	sb := e.sandbox.Load()
	return sb != nil && sb.kill()
}

// EnvironmentState is what an environment is doing.
type EnvironmentState string

// States of an environment.
const (
	StateInit     EnvironmentState = "init"     // its processes are starting
	StateRunning  EnvironmentState = "running"  // an invocation is open and not answered
	StateTail     EnvironmentState = "tail"     // answered, but the runtime or an extension is still at work
	StateIdle     EnvironmentState = "idle"     // waiting for an event, frozen unless freezing is off
	StateEnding   EnvironmentState = "ending"   // being shut down or reset
	StateCold     EnvironmentState = "cold"     // was reset; the next invocation initialises it again
	StateShutDown EnvironmentState = "shutdown" // gone
)

// EnvironmentInfo describes one environment at one moment.
type EnvironmentInfo struct {
	ID          string
	PID         int // of the runtime, also its process group; 0 while none runs
	State       EnvironmentState
	Frozen      bool // stopped by SIGSTOP
	Invocations int  // handed to it so far
	Created     time.Time
	Extensions  []string // names of the registered extensions, internal ones too
}

func (e *environment) info() EnvironmentInfo {
	info := EnvironmentInfo{ID: e.id, State: StateInit, Invocations: int(e.invocations.Load()), Created: e.created}
	select {
	case <-e.gone:
		info.State = StateShutDown
		return info
	default:
	}
	if sb := e.sandbox.Load(); sb != nil {
		sb.describe(&info)
	}
	return info
}
