package lambdatest

import "time"

// end terminates an idle or initialising sandbox and returns when no process is left. One that is being terminated
// already is waited for.
func (sb *sandbox) end(reason string) {
	sb.mu.Lock()
	mine := sb.phase < phaseEnding
	if mine {
		sb.phase = phaseEnding
	}
	sb.mu.Unlock()
	if mine {
		sb.terminate(reason)
		return
	}
	<-sb.terminated
}

// terminate goes through the shutdown phase. Whoever moved the sandbox to phaseEnding calls it, once.
//
// How long the processes get depends on the extensions: none, SIGKILL at once; internal ones only, 500 ms after
// SIGTERM; with external ones 2 s in all, of which the runtime gets 300 ms before they are told.
func (sb *sandbox) terminate(reason string) {
	sb.event(EventShutdownStart, "", reason)
	sb.mu.Lock()
	runtime, externals := sb.runtime, sb.externals
	internal := len(sb.extensions) > 0
	sb.thaw() // a stopped process would not see SIGTERM
	sb.mu.Unlock()

	switch {
	case len(externals) > 0:
		deadline := time.Now().Add(externalShutdownWindow)
		sb.endRuntime(runtime, externalRuntimeWindow)
		sb.endExternals(externals, reason, deadline)
	case internal:
		sb.endRuntime(runtime, internalShutdownWindow)
	case runtime != nil:
		runtime.kill()
		<-runtime.exited
	}
	if sb.srv != nil {
		killStrays(sb.addr) // while nobody else can have this address
		_ = sb.srv.Close()
	}
	sb.mu.Lock()
	sb.phase = phaseDead
	sb.frozen = false
	sb.mu.Unlock()
	close(sb.terminated)
}

func (sb *sandbox) endRuntime(p *process, window time.Duration) {
	if p == nil {
		return
	}
	p.terminate()
	if !p.wait(window) {
		p.kill()
		<-p.exited
	}
}

func (sb *sandbox) endExternals(externals []*process, reason string, deadline time.Time) {
	sb.mu.Lock()
	told := map[*process]bool{}
	for _, x := range sb.extensions {
		if x.shutdown && x.process != nil {
			told[x.process] = true
			x.deliver(shutdownEvent(reason, deadline))
		}
	}
	sb.mu.Unlock()
	for _, p := range externals {
		if !told[p] {
			p.kill()
		}
	}
	for _, p := range externals {
		if !p.wait(time.Until(deadline)) {
			p.kill()
			<-p.exited
		}
	}
}

// kill sends SIGKILL to everything, without any window. It returns false if there is nothing left that could end by it.
func (sb *sandbox) kill() bool {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if sb.phase == phaseDead {
		return false
	}
	sb.killed = true
	for _, p := range sb.processes() {
		p.kill()
	}
	if sb.phase == phaseInit && sb.initFault == nil {
		sb.initFault = &fault{errorType: errSandboxFailure, message: "the environment was killed"}
		sb.advance()
	}
	return true
}
