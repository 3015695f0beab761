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
)

// watched is an output that can be waited for.
type watched struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// find waits until the output matches and returns what did.
func (w *watched) find(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(time.Minute)
	for {
		if m := re.FindString(w.String()); m != "" {
			return m
		}
		select {
		case <-w.changed:
		case <-deadline:
			t.Fatalf("no %q in\n%s", pattern, w)
		}
	}
}

// TestServe sends what the printed curl line sends, and interrupts. That no process is left is TestMain's to see.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &watched{changed: make(chan struct{}, 1)}
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"-serve", "-strategy", "extension"}, out, &stderr) }()

	line := out.find(t, `curl -i http://\S+ -d '.*'\n`)
	url := strings.Fields(line)[2]
	body := line[strings.Index(line, "'")+1 : strings.LastIndex(line, "'")]
	resp, err := http.Post(url, "application/x-www-form-urlencoded", strings.NewReader(body)) // as curl -d does
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("status %d, want 201\n%s", resp.StatusCode, out)
	}
	out.find(t, `(?s)response sent\n.*webhook of order 4711 done\n.*frozen\n.*billed .*\n`)
	cancel()
	if c := <-code; c != exitOK {
		t.Errorf("exit status %d, want %d\n%s\n%s", c, exitOK, out, &stderr)
	}
}
