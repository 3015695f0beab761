package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// The program checks its own claims: tokens one by one, the transcript after the last.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"stream", "extension"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), []string{"-strategy", strategy, "-prompt", "Why?"}, &stdout, &stderr); code != 0 {
				t.Errorf("exit status %d\n%s", code, &stderr)
			}
			for _, want := range []string{"You ask: Why? I have thought", "first token", `"answer":"You ask: Why? I have thought about it, and so should you."`, "frozen; billed"} {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("no %q in\n%s", want, &stdout)
				}
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"-h"}, 0, "Usage: go run ./examples/streaming-llm", ""},
		{[]string{"-strategy", "sqs"}, 2, "", "there are stream and extension"},
		{[]string{"-x"}, 2, "", "-x"},
		{[]string{"why"}, 2, "", `unexpected argument "why"`},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), test.args, &stdout, &stderr); code != test.code || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%v: exit status %d\n%s%s", test.args, code, &stdout, &stderr)
		}
	}
}

// -serve answers what its curl line asks, until Ctrl-C.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &watched{}
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"-serve"}, out, io.Discard) }()
	url := out.find(t, regexp.MustCompile(`curl -N (\S+) `))[1]

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"prompt":"Why?"}`))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !strings.HasSuffix(string(body), "data: \"you.\"\n\n") {
		t.Errorf("%q %v", body, err)
	}
	out.find(t, regexp.MustCompile("transcript saved"))
	interrupt()
	if c := <-code; c != 0 {
		t.Errorf("exit status %d", c)
	}
}

// watched is output that a test waits for.
type watched struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *watched) find(t *testing.T, what *regexp.Regexp) []string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(5 * time.Millisecond) {
		w.mu.Lock()
		text := w.buf.String()
		w.mu.Unlock()
		if m := what.FindStringSubmatch(text); m != nil {
			return m
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %v in\n%s", what, text)
		}
	}
}
