package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// Where the registration is refused, the promise is kept another way, and that is said once.
func TestExtensionRefused(t *testing.T) {
	t.Parallel()
	hold := newGate(t)
	f := start(t, config{strategy: "extension", Function: lambdatest.Function{DisableExtensions: true}})
	res := f.call(t, event{Tasks: []task{{Name: "held", Gate: string(hold)}}})
	hold.open(t)
	f.over(t, res.RequestID)
	f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "held")
	f.survives(t, res)
	if n := strings.Count(f.LogText(), "the internal extension was refused"); n != 1 {
		t.Errorf("warned %d times, want once:\n%s", n, f.LogText())
	}
}

// With several invocations at a time extensions are told of none. Each caller has its answer while its task still waits, and
// every task is done.
func TestConcurrentInvocations(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy, Function: lambdatest.Function{EnvironmentConcurrency: 8, MaxEnvironments: 1}})
		hold := newGate(t)
		ids := map[string]bool{}
		for range 8 {
			res := f.call(t, event{Tasks: []task{{Name: "held", Gate: string(hold)}, {Name: "parent", Do: "nest"}}})
			if res.FunctionError != "" {
				t.Fatalf("%s", res.Payload)
			}
			ids[res.RequestID] = true
		}
		hold.open(t)
		eventually(t, "all tasks end", func() bool { return f.count(t, "done", "", "") == 3*len(ids) })
		for id := range ids {
			f.ended(t, id, "held", "done", "")
			f.ended(t, id, "parent-child", "done", "")
		}
		if len(ids) != 8 || len(f.Environments()) != 1 {
			t.Errorf("%d invocations in %+v", len(ids), f.Environments())
		}
		if n := strings.Count(f.LogText(), "WARN"); n != 0 {
			t.Errorf("warnings:\n%s", f.LogText())
		}
	})
}

// lambda.WithEnableSIGTERM registers an extension too, and gets its callback; failures are still reported early.
func TestWithEnableSIGTERM(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy, Function: lambdatest.Function{Env: map[string]string{"E2E_SIGTERM": "1"}}})
		for do, answer := range map[string]lambdatest.EventKind{"": lambdatest.EventResponseEnd, "error": lambdatest.EventErrorReported} {
			hold := newGate(t)
			res := f.call(t, event{Do: do, Tasks: []task{{Name: "held", Gate: string(hold)}}})
			hold.open(t)
			f.over(t, res.RequestID)
			f.ranInTail(t, answer, res.RequestID, "held")
		}
		res := f.call(t, event{})
		f.survives(t, res)
		if names := f.Environments()[0].Extensions; !slices.Contains(names, "GoLangEnableSIGTERM") || slices.Contains(names, "offload-tail") != (t.strategy == "extension") {
			t.Errorf("extensions %v", names)
		}
		if err := f.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.one(t, "sigterm", "", "")
	})
}

// An external extension that is slower, or faster, than the tasks changes nothing for them.
func TestWithExternalExtension(t *testing.T) {
	program, err := lambdatest.Build(t.Context(), "../../lambdatest", "./testdata/extension")
	if err != nil {
		t.Fatal(err)
	}
	onEach(t, func(t trial) {
		log := filepath.Join(t.TempDir(), "events")
		f := start(t, config{strategy: t.strategy, Function: lambdatest.Function{
			Extensions: [][]string{{program}},
			Env:        map[string]string{"EXT_LOG": log, "EXT_DELAY": "20ms"},
			Settle:     5 * time.Second, // the other extension keeps the environment for longer than the usual wait
		}})
		for do, answer := range map[string]lambdatest.EventKind{"": lambdatest.EventResponseEnd, "error": lambdatest.EventErrorReported} {
			hold := newGate(t)
			res := f.call(t, event{Do: do, Tasks: []task{{Name: "held", Gate: string(hold)}}})
			hold.open(t)
			f.over(t, res.RequestID)
			f.ranInTail(t, answer, res.RequestID, "held")
		}
		f.survives(t, f.call(t, event{}))
		if err := f.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if seen, err := os.ReadFile(log); err != nil || strings.Count(string(seen), "INVOKE") < 4 {
			t.Errorf("the external extension saw %s (%v)", seen, err)
		}
	})
}

// Nothing holds the environment for an invocation that defers nothing, or never gets as far as the handler.
func TestNothingDeferred(t *testing.T) {
	for name, payload := range map[string]string{
		"success":        `{}`,
		"error":          `{"do":"error"}`,
		"unencodable":    `{"do":"unencodable"}`,
		"not decodable":  `"string"`,
		"close panics":   `{"do":"close-panics"}`,
		"fails midway":   `{"do":"fails-midway"}`,
		"empty document": `null`,
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t trial) {
				for _, how := range []string{"offload", "wrap"} {
					t.sub(how, func(t trial) {
						f := start(t, config{strategy: t.strategy, start: how})
						for range 3 { // a count that is off by one shows with the next
							res, err := f.Invoke(t.Context(), []byte(payload))
							if err != nil {
								t.Fatal(err)
							}
							report := f.over(t, res.RequestID)
							if report.Status == "timeout" || report.Duration > 10*time.Second {
								t.Errorf("held until the deadline: %+v", report)
							}
							f.survives(t, res)
						}
					})
				}
			})
		})
	}
}

// A panic that deferred nothing ends the process at once.
func TestPanicWithNothingDeferred(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Do: "panic"})
		if report := f.over(t, res.RequestID); report.Status != "error" || report.Duration > 10*time.Second {
			t.Errorf("held until the deadline: %+v", report)
		}
		f.healthy(t, res)
	})
}
