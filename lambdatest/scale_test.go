package lambdatest_test

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// starts counts and reports the beginnings of invocations.
func starts(t *testing.T, l *lambdatest.Lambda) <-chan lambdatest.Event {
	t.Helper()
	ch := make(chan lambdatest.Event, 100)
	t.Cleanup(l.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventInvokeStart {
			ch <- e
		}
	}))
	return ch
}

func inBackground(t *testing.T, l *lambdatest.Lambda, payload string) *pending[*lambdatest.Result] {
	t.Helper()
	return background(func() (*lambdatest.Result, error) { return l.Invoke(t.Context(), []byte(payload)) })
}

func TestScaleOut(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{MaxEnvironments: 3, Settle: -1, Timeout: time.Minute})
	started := starts(t, l)
	var open []*pending[*lambdatest.Result]
	for range 3 {
		open = append(open, inBackground(t, l, `{"mode":"sleep","sleep":200}`))
		<-started
	}
	_, err := l.Invoke(t.Context(), nil)
	api := (*lambdatest.APIError)(nil)
	if !errors.Is(err, lambdatest.ErrThrottled) || !errors.As(err, &api) || api.StatusCode != http.StatusTooManyRequests || api.Code != "TooManyRequestsException" {
		t.Errorf("the fourth: %v", err)
	}
	used := map[string]bool{}
	for _, o := range open {
		res := o.wait(t)
		used[res.EnvironmentID] = true
		if r := report(t, l, res); !r.ColdStart {
			t.Errorf("%+v", r)
		}
	}
	if len(used) != 3 {
		t.Errorf("%d environments", len(used))
	}
	if err := l.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, env := range l.Environments() {
		if env.State != lambdatest.StateIdle || !env.Frozen || env.Invocations != 1 || env.PID == 0 {
			t.Errorf("%+v", env)
		}
	}
	if again := succeed(t, l, command{Mode: "calls"}); string(again.Payload) != "2" {
		t.Errorf("%s: a further environment though three were idle", again.Payload)
	}
}

// A request that comes while the runtime is on its way back to next waits for it; one that comes during a long tail
// does not.
func TestSettle(t *testing.T) {
	t.Parallel()
	t.Run("short tail", func(t *testing.T) {
		t.Parallel()
		l := function(t, lambdatest.Function{MaxEnvironments: 1, Settle: 10 * time.Second})
		for range 3 {
			succeed(t, l, command{Mode: "tail", Sleep: 20})
		}
		if n := len(l.Environments()); n != 1 {
			t.Errorf("%d environments", n)
		}
	})
	t.Run("long tail", func(t *testing.T) {
		t.Parallel()
		l := function(t, lambdatest.Function{MaxEnvironments: 1, Settle: 20 * time.Millisecond, Timeout: time.Minute})
		succeed(t, l, command{Mode: "tail", Sleep: 60_000})
		if _, err := l.Invoke(t.Context(), nil); !errors.Is(err, lambdatest.ErrThrottled) {
			t.Errorf("%v", err)
		}
	})
}

func TestIdleEnvironmentsAreShutDown(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{IdleTimeout: 50 * time.Millisecond})
	first := succeed(t, l, command{Mode: "tail", Sleep: 200}) // busy, not idle
	if r := report(t, l, first); r.Status != "success" {
		t.Errorf("%+v", r)
	}
	eventually(t, "environment shut down", func() bool { return len(l.Environments()) == 0 })
	if got, _ := shutdownEvents(l); !slices.Equal(got, []string{"SPINDOWN", "runtime: signal: killed"}) {
		t.Errorf("%q", got)
	}
	if r := report(t, l, succeed(t, l, command{Mode: "calls"})); !r.ColdStart {
		t.Errorf("%+v", r)
	}
}

// Many callers at once, on a busy machine: every request gets its own answer, or is throttled.
func TestManyCallers(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{MaxEnvironments: 4, Settle: 30 * time.Second, Timeout: time.Minute})
	var wg sync.WaitGroup
	for caller := range 8 {
		wg.Go(func() {
			for call := range 20 {
				payload := string(rune('0'+caller)) + string(rune('0'+call%10))
				res, err := l.Invoke(t.Context(), []byte(`{"n":"`+payload+`"}`))
				switch {
				case errors.Is(err, lambdatest.ErrThrottled):
				case err != nil:
					t.Error(err)
				case string(res.Payload) != `{"n":"`+payload+`"}`:
					t.Errorf("%s got %s", payload, res.Payload)
				}
			}
		})
	}
	wg.Wait()
	if err := l.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range l.Reports() {
		if r.Status != "success" {
			t.Errorf("%+v", r)
		}
	}
	if n := len(l.Environments()); n > 4 {
		t.Errorf("%d environments", n)
	}
}

func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	l := function(t, lambdatest.Function{MaxEnvironments: 4, Timeout: time.Minute})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 40 {
				res, err := l.Invoke(t.Context(), []byte(`{"mode":"calls"}`))
				if err != nil && !errors.Is(err, lambdatest.ErrThrottled) {
					t.Error(err)
				} else if err == nil && res.FunctionError != "" && decode[failure](t, res.Payload).ErrorType == "" {
					t.Errorf("%s", res.Payload)
				}
			}
		})
	}
	killer := background(func() (struct{}, error) {
		for {
			select {
			case <-stop:
				return struct{}{}, nil
			case <-time.After(5 * time.Millisecond):
				l.Kill()
			}
		}
	})
	wg.Wait()
	close(stop)
	killer.wait(t)
	if err := l.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	succeed(t, l, command{Mode: "calls"})
}
