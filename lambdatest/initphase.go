package lambdatest

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// listen opens the endpoint of AWS_LAMBDA_RUNTIME_API. Each sandbox has its own: runtimes other than Go's split the
// variable into host and port, so that a path could not tell environments apart.
func (sb *sandbox) listen() error {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	sb.addr = ln.Addr().String()
	sb.srv = &http.Server{Handler: http.HandlerFunc(sb.serve), ReadHeaderTimeout: 0} // the peer freezes mid-request
	go func() { _ = sb.srv.Serve(ln) }()
	return nil
}

// init starts extensions and runtime in AWS's order and waits until all of them are ready.
func (sb *sandbox) init(limit time.Duration) *fault {
	if err := sb.listen(); err != nil {
		return &fault{errorType: errSandboxFailure, message: err.Error()}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, command := range sb.fn.Extensions {
		if f := sb.launch(filepath.Base(command[0]), command, errExtensionLaunch); f != nil {
			return f
		}
	}
	started := false
	for {
		sb.mu.Lock()
		f, registered, ready := sb.initFault, sb.externalsRegistered(), sb.ready()
		if f == nil && ready {
			sb.phase = phaseIdle
			sb.settle() // a first reading of the memory, in case the first event ends the process
		}
		sb.mu.Unlock()
		switch {
		case f != nil:
			return f
		case ready:
			return nil
		case registered && !started:
			started = true
			if f := sb.launch("runtime", sb.env.lambda.command, errInvalidEntrypoint); f != nil {
				return f
			}
			continue
		}
		select {
		case <-sb.progress:
		case <-timer.C:
			return &fault{errorType: errTimedOut, message: "Init timed out after " + limit.String(), timeout: true}
		}
	}
}

// advance wakes init up.
func (sb *sandbox) advance() {
	select {
	case sb.progress <- struct{}{}:
	default:
	}
}

func (sb *sandbox) externalsRegistered() bool {
	registered := 0
	for _, x := range sb.extensions {
		if x.external {
			registered++
		}
	}
	return registered == len(sb.fn.Extensions)
}

// ready: the runtime and every registered extension, internal ones too, have asked for their first event.
func (sb *sandbox) ready() bool {
	if !sb.asked {
		return false
	}
	for _, x := range sb.extensions {
		if !x.asked {
			return false
		}
	}
	return true
}

func (sb *sandbox) launch(name string, command []string, errorType string) *fault {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if sb.killed {
		return &fault{errorType: errSandboxFailure, message: "the environment was killed"}
	}
	l := sb.env.lambda
	p, err := l.service.spawner.launch(processSpec{
		name: name, command: command, dir: sb.fn.Dir, env: sb.environ(), onExit: sb.exited,
		emit: func(at time.Time, line string) {
			l.journal.log(LogLine{Time: at, EnvironmentID: sb.env.id, RequestID: sb.openID(), Text: line})
		},
	})
	if err != nil {
		return &fault{errorType: errorType, message: err.Error()}
	}
	if name == "runtime" {
		sb.runtime = p
	} else {
		sb.externals = append(sb.externals, p)
	}
	return nil
}
