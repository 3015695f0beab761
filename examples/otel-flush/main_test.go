package main

import (
	"context"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// What the table says, on both strategies that run tasks in the environment.
func TestSpans(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"stream", "extension"} {
		for flush, want := range map[string]result{
			"never":   {atFreeze: []int{0, 0, 0}, lost: 9},
			"handler": {atFreeze: []int{1, 4, 7}, lost: 2}, // the task's spans wait for the next order
			"tail":    {atFreeze: []int{3, 6, 9}, lost: 0},
		} {
			t.Run(strategy+"/"+flush, func(t *testing.T) {
				t.Parallel()
				got, err := measure(t.Context(), strategy, flush)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.atFreeze, want.atFreeze) || got.lost != want.lost {
					t.Errorf("at each freeze %v, lost %d; want %v, %d", got.atFreeze, got.lost, want.atFreeze, want.lost)
				}
				if flush == "handler" && got.response < exportTime {
					t.Errorf("the response took %v, less than the export", got.response)
				}
			})
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), []string{"-strategy", "stream"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`left to the batch processor +\d+ ms +0/3 0/6 0/9 +9\n`,
		`in the handler +\d+ ms +1/3 4/6 7/9 +2\n`,
		`in the tail +\d+ ms +3/3 6/6 9/9 +0\n`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// The curl line that is printed works, and the spans of its order are printed too.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	printed, out := io.Pipe()
	over := make(chan error, 1)
	go func() { over <- run(ctx, []string{"-serve"}, out); _ = out.Close() }()
	var text strings.Builder
	chunk := make([]byte, 4096)
	read := func() bool {
		n, err := printed.Read(chunk)
		text.Write(chunk[:n])
		return err == nil
	}
	read()
	line := regexp.MustCompile(`curl -i (http://\S+) -d (\S+)\n`).FindStringSubmatch(text.String())
	if line == nil {
		t.Fatalf("no curl line in %q", text.String())
	}
	if _, err := place(ctx, line[1], line[2]); err != nil {
		t.Fatal(err)
	}
	for strings.Count(text.String(), "span ") < spansPerOrder && read() {
	}
	for _, name := range []string{"order", "send-receipt", "smtp"} {
		if !strings.Contains(text.String(), "span "+name+"\n") {
			t.Errorf("no span %s in %q", name, text.String())
		}
	}
	cancel()
	go func() { _, _ = io.Copy(io.Discard, printed) }()
	if err := <-over; err != nil {
		t.Error(err)
	}
}
