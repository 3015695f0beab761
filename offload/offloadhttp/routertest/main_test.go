// Package routertest holds offloadhttp to its promise: one program, any router, any front.
package routertest

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// program is a run of function, and its journal.
type program struct {
	journal string
	lambda  *lambdatest.Lambda // nil outside Lambda
	fronts  map[string]string  // URLs by name
}

// outcome files are made before the program starts, so they outlive it.
func newProgram(t *testing.T, open ...string) *program {
	t.Helper()
	p := &program{journal: filepath.Join(t.TempDir(), "journal"), fronts: map[string]string{}}
	for _, gate := range open {
		p.open(t, gate)
	}
	return p
}

func (p *program) open(t *testing.T, gate string) {
	t.Helper()
	if err := os.WriteFile(p.journal+"."+gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// lines are those of the journal.
func (p *program) lines() []string {
	text, _ := os.ReadFile(p.journal) // none yet
	return strings.Fields(strings.ReplaceAll(string(text), " ", "_"))
}

// await waits for the n-th line of the journal.
func (p *program) await(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(p.lines()) < n; <-time.After(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the journal has %q, want %d lines", p.lines(), n)
		}
	}
}

func (p *program) env(router, strategy, mode string) map[string]string {
	return map[string]string{"ROUTER": router, "JOURNAL": p.journal, "OFFLOAD_STRATEGY": strategy, "OFFLOAD_HTTP_INVOKE_MODE": mode, "ADDR": "127.0.0.1:0"}
}

// onLambda deploys the program behind a function URL and, unless that streams, behind the other fronts.
func (p *program) onLambda(t *testing.T, router, strategy string, mode lambdatest.URLMode) {
	t.Helper()
	p.lambda = lambdatest.Start(t, lambdatest.Function{
		Package: "./function", Env: p.env(router, strategy, mode.String()), URLMode: mode, Timeout: 20 * time.Second,
	})
	p.fronts["function URL "+mode.String()] = p.lambda.URL()
	if mode == lambdatest.ResponseStream {
		return
	}
	for name, g := range map[string]lambdatest.Gateway{
		"HTTP API":                           {Type: lambdatest.HTTPAPI},
		"REST API":                           {Type: lambdatest.RESTAPI},
		"load balancer":                      {Type: lambdatest.LoadBalancer},
		"load balancer, multi-value headers": {Type: lambdatest.LoadBalancer, MultiValueHeaders: true},
	} {
		server, err := p.lambda.ServeGateway(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		p.fronts[name] = server.URL()
	}
}

var listening = regexp.MustCompile(`url=(http://[^ \n]+)`)

// onThisMachine starts the same binary as an ordinary program. stop sends it SIGTERM and gives its exit status.
func (p *program) onThisMachine(t *testing.T, router, strategy string, env ...string) (stop func() int) {
	t.Helper()
	binary, err := lambdatest.Build(t.Context(), ".", "./function")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = env
	for name, value := range p.env(router, strategy, "") {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewReader(stderr)
	var said bytes.Buffer
	for p.fronts["server"] == "" {
		line, err := log.ReadString('\n')
		said.WriteString(line)
		if m := listening.FindStringSubmatch(line); m != nil {
			p.fronts["server"] = m[1] + "/"
		}
		if err != nil {
			_ = cmd.Wait()
			t.Fatalf("it said %q and ended", &said)
		}
	}
	stopped := false
	stop = func() int {
		if stopped {
			return 0
		}
		stopped = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = log.WriteTo(&said)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("it said:\n%s", &said)
		}
		return cmd.ProcessState.ExitCode()
	}
	t.Cleanup(func() { stop() })
	return stop
}

func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if left := children(); len(left) > 0 && code == 0 {
		os.Stderr.WriteString("processes left behind:\n" + strings.Join(left, ""))
		code = 1
	}
	os.Exit(code)
}

// children lists the processes that this one started and that have not ended soon after the tests.
func children() (left []string) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		left = nil
		stats, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, name := range stats {
			stat, err := os.ReadFile(name)
			if err != nil {
				continue
			}
			fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
			if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
				left = append(left, string(stat))
			}
		}
		if len(left) == 0 {
			return nil
		}
	}
	return left
}
