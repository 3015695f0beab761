package lambdatest

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// spawner starts every process from one locked thread that lives as long as the service: on Linux the children get a
// signal when the thread that started them ends (Pdeathsig), and Go may end any other thread.
type spawner struct {
	work chan func()
}

func newSpawner() *spawner {
	s := &spawner{work: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		for f := range s.work {
			f()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error, 1)
	s.work <- func() { result <- cmd.Start() }
	return <-result
}

// close must come after the last process ended.
func (s *spawner) close() { close(s.work) }

// process is a running program and whatever it started, one process group.
type process struct {
	name   string // for messages: "runtime", or the name of the extension
	pid    int
	output *output
	memory memoryMeter

	exited chan struct{} // closed when the process was reaped, its output logged and onExit called
	state  *os.ProcessState

	mu   sync.Mutex
	gone bool // reaped: the number may belong to another group soon
}

type processSpec struct {
	name    string
	command []string
	dir     string
	env     []string
	emit    func(time.Time, string)
	// onExit runs once the process is gone and its output is logged.
	onExit func(*process)
}

func (s *spawner) launch(spec processSpec) (*process, error) {
	out, w, err := newOutput(spec.emit)
	if err != nil {
		return nil, err
	}
	// The life of the process is ruled by signals to its group, not by a context.
	cmd := exec.CommandContext(context.Background(), spec.command[0], spec.command[1:]...)
	cmd.Dir = spec.dir
	cmd.Env = spec.env
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = processGroup()
	err = s.start(cmd)
	_ = w.Close() // ours; the child has its own
	if err != nil {
		_ = out.read.Close()
		return nil, err
	}
	p := &process{name: spec.name, pid: cmd.Process.Pid, output: out, exited: make(chan struct{})}
	p.memory.open(p.pid)
	go out.run()
	go p.reap(cmd, spec.onExit)
	return p, nil
}

func (p *process) reap(cmd *exec.Cmd, onExit func(*process)) {
	_ = cmd.Wait() // the state says more than the error
	p.mu.Lock()
	p.gone = true
	// What the process left behind in its group goes with it, as the sandbox would.
	killGroup(p.pid)
	p.mu.Unlock()
	p.state = cmd.ProcessState
	p.memory.close()
	p.output.finish()
	onExit(p)
	close(p.exited)
}

// signal sends to the whole group, unless the process is gone.
func (p *process) signal(send func(pid int)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		send(p.pid)
	}
}

func (p *process) stop()      { p.signal(stopGroup) }
func (p *process) resume()    { p.signal(continueGroup) }
func (p *process) terminate() { p.signal(terminateGroup) }
func (p *process) kill()      { p.signal(killGroup) }

// wait returns whether the process ended within d.
func (p *process) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true
	case <-timer.C:
		return false
	}
}
