package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// trial is a test of one strategy, or of a chain of them.
type trial struct {
	*testing.T
	strategy string
}

// onEach runs a test once for each strategy that keeps the environment awake.
func onEach(t *testing.T, test func(t trial)) {
	t.Helper()
	t.Parallel()
	for _, strategy := range []string{"stream", "extension"} {
		trial{t, strategy}.sub(strategy, test)
	}
}

// sub is Run, in parallel.
func (t trial) sub(name string, test func(t trial)) {
	t.Helper()
	t.Run(name, func(sub *testing.T) {
		sub.Parallel()
		test(trial{sub, t.strategy})
	})
}

// config says how testdata/function is started.
type config struct {
	lambdatest.Function
	strategy string
	start    string    // of main.go; default "offload"
	handler  string    // of handler.go and signatures.go; default "event"
	fifo     bool      // the queue
	beside   *function // shares its endpoint and its journal; default: an endpoint of its own
}

// function is testdata/function under lambdatest, and its journal.
type function struct {
	*lambdatest.Lambda
	journal string
}

func start(tb testing.TB, c config) *function {
	tb.Helper()
	f := &function{}
	if c.beside != nil {
		f.journal = c.beside.journal
	} else {
		f.journal = filepath.Join(tb.TempDir(), "journal") // made before the function, so removed after it
	}
	env := map[string]string{
		"OFFLOAD_STRATEGY": c.strategy,
		"E2E_START":        or(c.start, "offload"),
		"E2E_HANDLER":      or(c.handler, "event"),
		"E2E_JOURNAL":      f.journal,
	}
	for k, v := range c.Env {
		env[k] = v
	}
	c.Package, c.Env = or(c.Package, "./testdata/function"), env
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second // nothing should come near it
	}
	if c.beside == nil {
		f.Lambda = lambdatest.Start(tb, c.Function)
		return f
	}
	var err error
	if f.Lambda, err = c.beside.Service().Deploy(tb.Context(), c.Function); err != nil {
		tb.Fatal(err)
	}
	return f
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// event and task are those of testdata/function.
type event struct {
	Do    string `json:"do,omitempty"`
	Tasks []task `json:"tasks,omitempty"`
	Stray []task `json:"stray,omitempty"`
}

type task struct {
	Name  string `json:"name"`
	Do    string `json:"do,omitempty"`
	Gate  string `json:"gate,omitempty"`
	Count int    `json:"count,omitempty"`
	Eager bool   `json:"eager,omitempty"`

	Portable      bool `json:"portable,omitempty"`
	OnlyOnSuccess bool `json:"onlyOnSuccess,omitempty"`

	Group string `json:"group,omitempty"`
}

func (f *function) call(tb testing.TB, e any) *lambdatest.Result {
	tb.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		tb.Fatal(err)
	}
	res, err := f.Invoke(tb.Context(), payload)
	if err != nil {
		tb.Fatal(err)
	}
	return res
}

// over waits until the invocation is over and the environment frozen.
func (f *function) over(tb testing.TB, requestID string) lambdatest.Report {
	tb.Helper()
	report, err := f.WaitReport(tb.Context(), requestID)
	if err != nil {
		tb.Fatal(err)
	}
	return report
}

// healthy invokes the function once more, and its task must be done before the freeze. It tells whether the environment
// is the one of the earlier invocation.
func (f *function) healthy(tb testing.TB, earlier *lambdatest.Result) (same bool) {
	tb.Helper()
	res := f.call(tb, event{Tasks: []task{{Name: "next"}}})
	if res.FunctionError != "" || string(res.Payload) != `"ok"` {
		tb.Fatalf("the next invocation: %q %s", res.FunctionError, res.Payload)
	}
	report := f.over(tb, res.RequestID)
	if report.Status != "success" {
		tb.Errorf("the next invocation: %+v", report)
	}
	if got := f.count(tb, "ran", "next", res.RequestID); got != 1 {
		tb.Errorf("the next invocation's task ran %d times before the freeze", got)
	}
	return res.EnvironmentID == earlier.EnvironmentID && !report.ColdStart
}

// survives is healthy, in the same process.
func (f *function) survives(tb testing.TB, earlier *lambdatest.Result) {
	tb.Helper()
	if !f.healthy(tb, earlier) {
		tb.Error("the next invocation was served by another environment")
	}
	for _, e := range f.Events() {
		if e.Kind == lambdatest.EventCrash || e.Kind == lambdatest.EventTimeout {
			tb.Errorf("%s: %s", e.Kind, e.Message)
		}
	}
}

// gate holds a task until it is opened.
type gate string

func newGate(tb testing.TB) gate {
	tb.Helper()
	return gate(filepath.Join(tb.TempDir(), "gate"))
}

func (g gate) open(tb testing.TB) {
	tb.Helper()
	if err := os.WriteFile(string(g), nil, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); pause() {
		if time.Now().After(deadline) {
			tb.Fatalf("never happened: %s", what)
		}
	}
}

func contains(tb testing.TB, text string, wanted ...string) {
	tb.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			tb.Errorf("no %q in:\n%s", w, text)
		}
	}
}
