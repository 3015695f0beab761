package lambdatest_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// Several invocations run in one environment at the same time, and nothing is frozen.
func TestManagedInstance(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{EnvironmentConcurrency: 2, MaxEnvironments: 1, Settle: -1, Timeout: time.Minute})
	env := decode[[]string](t, succeed(t, l, command{Mode: "env"}).Payload)
	for _, want := range []string{"AWS_LAMBDA_MAX_CONCURRENCY=2", "AWS_LAMBDA_INITIALIZATION_TYPE=lambda-managed-instances"} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s", want)
		}
	}
	started := starts(t, l)
	call := func() *pending[*lambdatest.Result] {
		return background(func() (*lambdatest.Result, error) {
			for { // a worker that has just answered may not be back yet
				res, err := l.Invoke(t.Context(), []byte(`{"mode":"meet"}`))
				if !errors.Is(err, lambdatest.ErrThrottled) {
					return res, err
				}
				pause()
			}
		})
	}
	one, two := call(), call()
	<-started
	<-started
	a, b := one.wait(t), two.wait(t)
	if string(a.Payload) != `"met"` || string(b.Payload) != `"met"` || a.EnvironmentID != b.EnvironmentID {
		t.Errorf("%+v\n%+v", a, b)
	}
	report(t, l, a)
	report(t, l, b)
	for _, kind := range []lambdatest.EventKind{lambdatest.EventFreeze, lambdatest.EventThaw} {
		if slices.Contains(kinds(l), kind) {
			t.Errorf("there is a %s event", kind)
		}
	}
}

func TestManagedScaleOut(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{EnvironmentConcurrency: 2, MaxEnvironments: 2, Settle: -1, Timeout: time.Minute})
	started := starts(t, l)
	used := map[string]int{}
	var open []*pending[*lambdatest.Result]
	for len(open) < 4 {
		o := inBackground(t, l, `{"mode":"sleep","sleep":400}`)
		select {
		case e := <-started:
			used[e.EnvironmentID]++
			open = append(open, o)
		case <-o.done:
			// The second worker of a new environment is not there yet, and no further environment is allowed.
			if !errors.Is(o.err, lambdatest.ErrThrottled) {
				t.Fatal(o.err)
			}
		}
	}
	if len(used) != 2 {
		t.Errorf("%v", used)
	}
	for _, n := range used {
		if n != 2 {
			t.Errorf("%v, want two invocations in each", used)
		}
	}
	if _, err := l.Invoke(t.Context(), nil); !errors.Is(err, lambdatest.ErrThrottled) {
		t.Errorf("the fifth: %v", err)
	}
	for _, o := range open {
		o.wait(t)
	}
}

// A timeout is the caller's only: the code is not interrupted, and its late answer is refused.
func TestManagedTimeout(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{EnvironmentConcurrency: 2, Timeout: 900 * time.Millisecond})
	result := p.invoke(`{}`)
	p.base = <-p.api
	id := p.next().wait(t).header.Get(requestID)
	res := result.wait(t)
	if f := failed(t, res); f.ErrorType != "Sandbox.Timedout" {
		t.Errorf("%+v", f)
	}
	p.refused(p.must(http.MethodPost, response(id), `1`), 410, "InvokeTimeout")
	p.refused(p.must(http.MethodPost, response("unknown"), `1`), 400, "InvalidRequestID")
	next := p.next()
	result = p.invoke(`{}`)
	id = next.wait(t).header.Get(requestID)
	p.must(http.MethodPost, response(id), `2`)
	if second := result.wait(t); second.EnvironmentID != res.EnvironmentID || string(second.Payload) != "2" {
		t.Errorf("%+v, want the same environment to go on", second)
	}
}

// The invocation is over with its response; what the worker does then is its own affair.
func TestManagedTail(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{EnvironmentConcurrency: 2, Timeout: time.Minute})
	res := succeed(t, l, command{Mode: "tail", Sleep: 60_000})
	if r := report(t, l, res); r.Status != "success" {
		t.Errorf("%+v", r)
	}
	succeed(t, l, command{Mode: "calls"})
}

func TestManagedCrash(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{EnvironmentConcurrency: 2, MaxEnvironments: 1, Timeout: time.Minute})
	started := starts(t, l)
	sleeping := inBackground(t, l, `{"mode":"sleep","sleep":60000}`)
	first := <-started
	eventually(t, "second worker", func() bool {
		_, err := l.Invoke(t.Context(), []byte(`{"mode":"exit","size":1}`))
		return err == nil
	})
	if f := failed(t, sleeping.wait(t)); f.ErrorType != "Runtime.ExitError" {
		t.Errorf("%+v", f)
	}
	eventually(t, "environment replaced", func() bool {
		res, err := l.Invoke(t.Context(), []byte(`{"mode":"calls"}`))
		return err == nil && res.EnvironmentID != first.EnvironmentID
	})
}

func TestManagedExtensions(t *testing.T) {
	t.Parallel()
	p := newPuppet(t, lambdatest.Function{EnvironmentConcurrency: 2})
	result := p.invoke(`{}`)
	p.base = <-p.api
	p.refused(p.register("x", `{"events":["INVOKE"]}`), 403, "Extension.InvalidEventType")
	if a := p.register("x", `{}`); a.status != 200 {
		t.Errorf("without events: %+v", a)
	} else {
		p.extensionNext(a.header.Get(extensionID))
	}
	id := p.next().wait(t).header.Get(requestID)
	p.must(http.MethodPost, response(id), `1`)
	result.wait(t)

	for events, want := range map[string]string{`["INVOKE"]`: "register 403", `["SHUTDOWN"]`: "register 200"} {
		log := filepath.Join(t.TempDir(), "events")
		l := function(t, lambdatest.Function{
			EnvironmentConcurrency: 2, Extensions: [][]string{extensionProgram(t)}, InitTimeout: 5 * time.Second,
			Env: map[string]string{"EXT_LOG": log, "EXT_EVENTS": events, "EXT_MODE": "init-exit"},
		})
		_ = invoke(t, l, command{Mode: "calls"})
		contains(t, text(t, log), want)
	}
}
