package lambdatest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

const extensionID = "Lambda-Extension-Identifier"

func TestExtensionsAPI(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{Timeout: time.Minute})
	result := p.invoke(`{}`)
	p.base = <-p.api

	p.refused(p.must(http.MethodPost, "/2020-01-01/extension/register", `{}`), 403, "Extension.InvalidExtensionName")
	p.refused(p.register("x", `{`), 403, "InvalidRequestFormat")
	p.refused(p.register("x", `{"events":["INVOKE"],"configurationKeys":["a"]}`), 403, "InvalidRequestFormat")
	p.refused(p.register("x", `{"events":["PARTY"]}`), 403, "Extension.InvalidEventType")
	shutdown := p.register("x", `{"events":["INVOKE","SHUTDOWN"]}`)
	p.refused(shutdown, 403, "Extension.InvalidEventType")
	contains(t, shutdown.body, "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension")

	plain := p.register("plain", `{}`)
	if plain.status != 200 || strings.Contains(plain.body, "accountId") {
		t.Errorf("%+v", plain)
	}
	worker := p.register("worker", `{"events":["INVOKE"]}`, "Lambda-Extension-Accept-Feature", "other, accountId")
	contains(t, worker.body, `"functionName":"function"`, `"functionVersion":"$LATEST"`, `"handler":"bootstrap"`, `"accountId":"123456789012"`)
	p.refused(p.register("worker", `{}`), 403, "Extension.InvalidExtensionState")
	for i := range 8 {
		p.extensionNext(p.register(fmt.Sprint("many", i), `{}`).header.Get(extensionID))
	}
	p.refused(p.register("eleventh", `{}`), 403, "Extension.TooManyExtensions")

	nextPath := "/2020-01-01/extension/event/next"
	p.refused(p.must(http.MethodGet, nextPath, ""), 403, "Extension.MissingExtensionIdentifier")
	p.refused(p.must(http.MethodGet, nextPath, "", extensionID, "abc"), 403, "Extension.InvalidExtensionIdentifier")
	p.refused(p.must(http.MethodGet, nextPath, "", extensionID, "11111111-2222-4333-8444-555555555555"), 403, "Extension.UnknownExtensionIdentifier")
	p.refused(p.must(http.MethodPost, "/2020-01-01/extension/init/error", "", extensionID, worker.header.Get(extensionID)), 403, "Extension.MissingHeader")

	// The runtime is ready, but init waits for every extension's first next.
	runtime := p.next()
	eventually(t, "registration closed", func() bool {
		return strings.Contains(p.register("late", `{}`).body, "Extension.RegistrationClosed") ||
			strings.Contains(p.register("late", `{}`).body, "Extension.TooManyExtensions")
	})
	select {
	case <-runtime.done:
		t.Fatal("the event came before the extensions were ready")
	default:
	}
	p.extensionNext(plain.header.Get(extensionID))
	told := p.extensionNext(worker.header.Get(extensionID))
	event := told.wait(t)
	id := runtime.wait(t).header.Get(requestID)
	contains(t, event.body, `"eventType":"INVOKE"`, `"requestId":"`+id+`"`, `"deadlineMs":`, `"invokedFunctionArn":"`+p.ARN()+`"`,
		`"tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-`)
	if event.header.Get("Lambda-Extension-Event-Identifier") == "" {
		t.Error("no Lambda-Extension-Event-Identifier")
	}

	// The caller is answered and the runtime is done; the extension keeps the environment awake.
	p.must(http.MethodPost, response(id), `"done"`)
	res := result.wait(t)
	p.next()
	eventually(t, "runtime done", func() bool {
		all := kinds(p.Lambda)
		return all[len(all)-1] == lambdatest.EventRuntimeDone
	})
	if env := p.Environments()[0]; env.State != lambdatest.StateTail || env.Frozen {
		t.Errorf("%+v, want it awake", env)
	}
	p.extensionNext(worker.header.Get(extensionID))
	if r := report(t, p.Lambda, res); r.PostRuntimeDuration <= 0 {
		t.Errorf("%+v", r)
	}
	if env := p.Environments()[0]; !env.Frozen || len(env.Extensions) != 10 {
		t.Errorf("%+v", env)
	}
}

func TestRegistrationClosed(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{})
	result := p.invoke(`{}`)
	p.base = <-p.api
	id := p.next().wait(t).header.Get(requestID)
	p.refused(p.register("late", `{"events":["INVOKE"]}`), 403, "Extension.RegistrationClosed")
	p.must(http.MethodPost, response(id), `1`)
	result.wait(t)
}

func TestDisableExtensions(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{DisableExtensions: true})
	result := p.invoke(`{}`)
	p.base = <-p.api
	if a := p.register("x", `{"events":["INVOKE"]}`); a.status != 404 {
		t.Errorf("%+v", a)
	}
	p.must(http.MethodPost, response(p.next().wait(t).header.Get(requestID)), `1`)
	result.wait(t)
}

// An extension that never asks for its next event uses up the function's timeout.
func TestStuckExtension(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{Timeout: 900 * time.Millisecond})
	result := p.invoke(`{}`)
	p.base = <-p.api
	x := p.register("stuck", `{"events":["INVOKE"]}`).header.Get(extensionID)
	runtime, told := p.next(), p.extensionNext(x)
	id := runtime.wait(t).header.Get(requestID)
	told.wait(t)
	p.must(http.MethodPost, response(id), `1`)
	res := result.wait(t)
	p.next()
	if r := report(t, p.Lambda, res); r.Status != "timeout" || r.BilledDuration < 900*time.Millisecond {
		t.Errorf("%+v", r)
	}
}

func TestExternalExtension(t *testing.T) {
	t.Parallel()
	events := filepath.Join(t.TempDir(), "events")
	l := function(t, lambdatest.Function{
		Extensions: [][]string{extensionProgram(t)},
		Env:        map[string]string{"EXT_LOG": events, "EXT_DELAY": "80ms"},
	})
	res := succeed(t, l, command{Mode: "calls"})
	r := report(t, l, res)
	// How much of them comes after the runtime is up to the machine: both got the event at the same time.
	if r.PostRuntimeDuration <= 0 || r.Duration < 80*time.Millisecond || r.ResponseLatency >= r.Duration {
		t.Errorf("%+v, want the extension's 80 ms in it", r)
	}
	contains(t, text(t, events), `register 200 {"accountId":"123456789012","functionName":"function"`, `"requestId":"`+res.RequestID+`"`)
	if env := l.Environments()[0]; !env.Frozen || len(env.Extensions) != 1 {
		t.Errorf("%+v", env)
	}
	succeed(t, l, command{Mode: "calls"})
}

func TestExternalExtensionFails(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"init-error": "Extension.InitError",
		"init-exit":  "Extension.Crash",
		"exit-error": "Extension.ExitError",
		"crash":      "Extension.Crash",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			l := function(t, lambdatest.Function{
				Extensions: [][]string{extensionProgram(t)},
				Env:        map[string]string{"EXT_LOG": filepath.Join(t.TempDir(), "events"), "EXT_MODE": mode},
			})
			res := invoke(t, l, command{Mode: "sleep", Sleep: 2000})
			if f := failed(t, res); f.ErrorType != want {
				t.Errorf("%+v, want %s", f, want)
			}
		})
	}
}
