package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// program is a lambdalocal that was started, and its output line by line.
type program struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	seen  strings.Builder
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	path, err := lambdatest.Build(t.Context(), ".", ".")
	if err != nil {
		t.Fatal(err)
	}
	// Killed if it does not end by itself, so that no test hangs on its output.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p := &program{cmd: exec.CommandContext(ctx, path, args...)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	p.lines = bufio.NewScanner(out)
	return p
}

// until reads lines up to one that matches, and returns its submatches.
func (p *program) until(t *testing.T, pattern string) []string {
	t.Helper()
	want := regexp.MustCompile(pattern)
	for p.lines.Scan() {
		p.seen.WriteString(p.lines.Text() + "\n")
		if m := want.FindStringSubmatch(p.lines.Text()); m != nil {
			return m
		}
	}
	t.Fatalf("no line like %s in\n%s", pattern, p.seen.String())
	return nil
}

func fetch(t *testing.T, url, body string) (int, string) {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// The real program runs a real function, and leaves nothing behind when it is interrupted.
func TestProgram(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			if sig == syscall.SIGHUP && signal.Ignored(sig) {
				t.Skip("runs under nohup")
			}
			file := filepath.Join(t.TempDir(), "sigterm")
			p := start(t, "-listen", "127.0.0.1:0", "-timeout", "5s", "-memory", "256", "-name", "orders",
				"-env", "SIGTERM_FILE="+file, "-dir", "../../lambdatest", "-package", "./testdata/function")
			invoke := p.until(t, `^Invoke +(http\S+/2015-03-31/functions/orders/invocations)$`)[1]
			url := p.until(t, `^Function URL +(http\S+)  \(BUFFERED\)$`)[1]

			if status, body := fetch(t, invoke, `{"n":1}`); status != http.StatusOK || body != `{"n":1}` {
				t.Errorf("invoke: %d %s", status, body)
			}
			p.until(t, `^\d\d:\d\d:\d\d\.\d{3} \w{4} INIT init$`)
			p.until(t, ` START RequestId: \S+ Version: \$LATEST$`)
			p.until(t, ` RESPONSE RequestId: `)
			p.until(t, ` FREEZE$`)
			p.until(t, ` REPORT RequestId: .*Memory Size: 256 MB`)
			if status, body := fetch(t, url, ""); status != http.StatusOK || body != `{"hello":"world"}` {
				t.Errorf("URL: %d %s", status, body)
			}
			p.until(t, ` THAW$`)
			p.until(t, ` FREEZE$`)
			_, body := fetch(t, invoke, `{"mode":"env"}`)
			p.until(t, ` FREEZE$`)
			if !strings.Contains(body, "SIGTERM_FILE="+file) {
				t.Errorf("environment: %s", body)
			}

			if err := p.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			p.until(t, ` SHUTDOWN SPINDOWN$`)
			p.until(t, ` EXIT runtime: exit status 0$`)
			for p.lines.Scan() {
				p.seen.WriteString(p.lines.Text() + "\n")
			}
			if err := p.cmd.Wait(); err != nil {
				t.Errorf("%v\n%s", err, p.seen.String())
			}
			if strings.Contains(p.seen.String(), "\x1b[") {
				t.Error("colours though it is no terminal")
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("the function had no shutdown phase: %v", err)
			}
		})
	}
}

// A second signal does not wait for the tail of an open invocation. Even a SIGKILL leaves nothing behind on Linux.
func TestProgramIsKilled(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"interrupted twice", "killed"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			if how == "killed" && runtime.GOOS != "linux" {
				t.Skip("needs the parent death signal of Linux")
			}
			p := start(t, "-listen", "127.0.0.1:0", "-timeout", "1m", "--", "sh", "-c", "echo pid=$$; exec sleep 1000")
			invoke := p.until(t, `^Invoke +(http\S+)$`)[1]
			go func() { // answered, if at all, by the end of the program
				if res, err := http.Post(invoke, "application/json", nil); err == nil {
					res.Body.Close()
				}
			}()
			pid := p.until(t, ` pid=(\d+)$`)[1]
			if how == "killed" {
				_ = p.cmd.Process.Kill()
			} else {
				_ = p.cmd.Process.Signal(os.Interrupt)
				p.until(t, "interrupt again")
				_ = p.cmd.Process.Signal(os.Interrupt)
			}
			for p.lines.Scan() {
				p.seen.WriteString(p.lines.Text() + "\n")
			}
			err := p.cmd.Wait()
			if how != "killed" && err != nil {
				t.Errorf("%v\n%s", err, p.seen.String())
			}
			if runtime.GOOS != "linux" {
				return
			}
			for deadline := time.Now().Add(10 * time.Second); ; <-time.After(5 * time.Millisecond) {
				if _, err := os.Stat("/proc/" + pid); errors.Is(err, os.ErrNotExist) {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("process %s is left behind", pid)
				}
			}
		})
	}
}

// Events that wait for their retry do not disappear without a word.
func TestEventsThrownAway(t *testing.T) {
	t.Parallel()
	p := start(t, "-listen", "127.0.0.1:0", "--", "false")
	invoke := p.until(t, `^Invoke +(http\S+)$`)[1]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, invoke, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Invocation-Type", "Event")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	p.until(t, ` EVENT RETRY RequestId: \S+ in 1m0s: `)
	_ = p.cmd.Process.Signal(os.Interrupt)
	p.until(t, `asynchronous events of function that are thrown away: 1$`)
}

func TestBadCommandLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"-h"}, exitOK, []string{"Usage: lambdalocal [flags] -- program", "-timeout", "curl -d"}},
		{nil, exitUsage, []string{"name either a program after -- or a -package", hint}},
		{[]string{"-package", "./x", "--", "./bootstrap"}, exitUsage, []string{"name either"}},
		{[]string{"-env", "NAME", "--", "true"}, exitUsage, []string{"want NAME=VALUE", hint}},
		{[]string{"-url-mode", "slow", "--", "true"}, exitUsage, []string{"want buffered or response_stream"}},
		{[]string{"-timeout", "3", "--", "true"}, exitUsage, []string{`"3" is no duration; want a number and a unit, such as`, "-timeout", hint}},
		{[]string{"-memory", "1GB", "--", "true"}, exitUsage, []string{"-memory", "want a whole number, not 1GB"}},
		{[]string{"-nonsense"}, exitUsage, []string{"-nonsense", hint}},
		{[]string{"-listen", "127.0.0.1:0", "-timeout", "1h", "--", "true"}, exitFailed, []string{"Timeout is 3600000 ms"}},
		{[]string{"-listen", "127.0.0.1:0", "--", "./absent"}, exitFailed, []string{"lambdalocal: lambdatest: deploy function: command \"./absent\""}},
		{[]string{"-listen", "nowhere", "--", "true"}, exitFailed, []string{"nowhere"}},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if code := run(t.Context(), tc.args, &out, &out, nil); code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			for _, want := range tc.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out.String())
				}
			}
			if tc.code != exitOK && strings.Count(out.String(), "\n") > 2 {
				t.Errorf("what is wrong is lost in\n%s", out.String())
			}
		})
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	var out bytes.Buffer
	if code := run(t.Context(), []string{"-listen", taken.Addr().String(), "--", "true"}, &out, &out, nil); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(out.String(), "-listen 127.0.0.1:0") {
		t.Errorf("no advice in %q", out.String())
	}
}

// What takes long before anything is ready ends with the first signal too: a build, or a queue that does not answer.
func TestInterruptedStart(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 8)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client goes
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer silent.Close()
	signals := make(chan os.Signal, 2)
	go func() {
		<-asked
		signals <- os.Interrupt
	}()
	var out bytes.Buffer
	code := run(t.Context(), []string{"-listen", "127.0.0.1:0", "-map", silent.URL + "/1/orders", "--", "true"}, io.Discard, &out, signals)
	if code != exitFailed || !strings.Contains(out.String(), "interrupted before everything was ready") {
		t.Errorf("exit code %d, %s", code, out.String())
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{
		"-timeout", "7s", "-url-mode", "response-stream", "-extension", "node ext.js", "-env", "A=1", "-env", "B=x=y",
		"-concurrency", "4", "-idle", "1m", "-no-freeze", "--", "./bootstrap", "-v",
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	f := o.functions[0].spec
	if f.Timeout != 7*time.Second || f.URLMode != lambdatest.ResponseStream || f.Env["A"] != "1" || f.Env["B"] != "x=y" ||
		f.EnvironmentConcurrency != 4 || f.IdleTimeout != time.Minute || !f.DisableFreeze ||
		strings.Join(f.Command, " ") != "./bootstrap -v" || strings.Join(f.Extensions[0], "|") != "node|ext.js" || o.listen != "127.0.0.1:9000" {
		t.Errorf("%+v", o)
	}
	if _, err := parse([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("%v", err)
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := newConsole(&out, true, false)
	c.show(lambdatest.Event{Kind: lambdatest.EventLog, Message: "REPORT RequestId: x\tStatus: timeout", EnvironmentID: "abcdef"})
	if !strings.Contains(out.String(), red) || !strings.Contains(out.String(), "abcd") {
		t.Errorf("%q", out.String())
	}
	if colours(&out) {
		t.Error("a buffer is no terminal")
	}
}
