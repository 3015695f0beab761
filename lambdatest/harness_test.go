package lambdatest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// function starts testdata/function.
func function(t *testing.T, f lambdatest.Function) *lambdatest.Lambda {
	t.Helper()
	f.Package = "./testdata/function"
	return lambdatest.Start(t, f)
}

// command is the event that chooses what testdata/function does.
type command struct {
	Mode  string `json:"mode"`
	Text  string `json:"text,omitempty"`
	Size  int    `json:"size,omitempty"`
	Sleep int    `json:"sleep,omitempty"` // milliseconds
	File  string `json:"file,omitempty"`
}

func invoke(t *testing.T, l *lambdatest.Lambda, event any) *lambdatest.Result {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	res, err := l.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// succeed is invoke of something that must not fail.
func succeed(t *testing.T, l *lambdatest.Lambda, event any) *lambdatest.Result {
	t.Helper()
	res := invoke(t, l, event)
	if res.FunctionError != "" {
		t.Fatalf("function error: %s", res.Payload)
	}
	return res
}

func report(t *testing.T, l *lambdatest.Lambda, res *lambdatest.Result) lambdatest.Report {
	t.Helper()
	r, err := l.WaitReport(t.Context(), res.RequestID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type failure struct {
	ErrorMessage string `json:"errorMessage"`
	ErrorType    string `json:"errorType"`
}

func failed(t *testing.T, res *lambdatest.Result) failure {
	t.Helper()
	if res.StatusCode != http.StatusOK || res.FunctionError != "Unhandled" {
		t.Fatalf("status %d, function error %q, want 200 and Unhandled; payload %s", res.StatusCode, res.FunctionError, res.Payload)
	}
	return decode[failure](t, res.Payload)
}

func decode[T any](t *testing.T, b []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

// kinds returns the kinds of the events, without those in skip.
func kinds(l *lambdatest.Lambda, skip ...lambdatest.EventKind) []lambdatest.EventKind {
	var out []lambdatest.EventKind
	for _, e := range l.Events() {
		if !slices.Contains(skip, e.Kind) {
			out = append(out, e.Kind)
		}
	}
	return out
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); pause() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}

// touch opens a gate that a function waits for.
func touch(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
