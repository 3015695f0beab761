package main

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestDemonstration: the program checks at the receiving end that each task was done once; the test checks where it ran.
func TestDemonstration(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d\n%s%s", code, &stdout, &stderr)
	}
	for _, want := range []string{
		`checkout +receipt-4711 done\n`, // here
		`checkout +points-4711 +retrying: the back office answered 503`,
		`checkout +points-4711 +handed over to the queue: the back office answered 503`, // failed here
		`checkout +invoice-4711 handed over to the queue: the invocation's deadline`,    // too long for here
		`worker +points-4711 +done\n`,
		`worker +invoice-4711 done\n`,
		`receipt-4711 +refused 0, done 1, recognised as a repeat 0\n`,
		`points-4711 +refused 2, done 1, recognised as a repeat 1\n`, // the queue stored it twice
		`invoice-4711 +refused 0, done 1, recognised as a repeat 0\n`,
	} {
		if !regexp.MustCompile(want).Match(stdout.Bytes()) {
			t.Errorf("no %q in\n%s", want, &stdout)
		}
	}
	if strings.Contains(stdout.String(), "crash") || strings.Contains(stdout.String(), "timeout") {
		t.Errorf("a sandbox died:\n%s", &stdout)
	}
}

// TestServe sends what the printed curl line sends, and interrupts.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout := &watched{}
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"-serve"}, stdout, &stderr) }()

	line := stdout.find(t, `curl -i (http://\S+) -d '(.*)'\n`)
	resp, err := http.Post(line[1], "application/x-www-form-urlencoded", strings.NewReader(line[2])) // as curl -d does
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("status %d, want 201\n%s", resp.StatusCode, stdout)
	}
	stdout.find(t, `worker +invoice-4711 done\n`)
	cancel()
	if c := <-code; c != 0 {
		t.Errorf("exit status %d\n%s%s", c, stdout, &stderr)
	}
}

// TestInterrupt: Ctrl-C in the middle, and TestMain sees that no process is left.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout := &watched{}
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, nil, stdout, &stderr) }()
	stdout.find(t, `has the response`)
	cancel()
	if c := <-code; c != 130 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit status %d, want 130\n%s", c, &stderr)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]struct {
		code int
		text string
	}{
		"-h":    {0, "Usage: go run ./examples/checkout"},
		"-x":    {2, "unusable arguments"},
		"order": {2, "unusable arguments"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{args}, &stdout, &stderr); code != want.code || !strings.Contains(stdout.String()+stderr.String(), want.text) {
			t.Errorf("%s: exit status %d\n%s%s", args, code, &stdout, &stderr)
		}
	}
}

// watched is an output that can be waited for.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// find waits until the output matches, and returns what did.
func (w *watched) find(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		if m := re.FindStringSubmatch(w.String()); m != nil {
			return m
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s", pattern, w)
		}
	}
}
