package strategytest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// keeperFunc is a keeper that does as it is told.
type keeperFunc func(tail driver.Tail)

func (keeperFunc) Name() string                           { return "func" }
func (keeperFunc) Open(context.Context, driver.Env) error { return nil }
func (k keeperFunc) Keep(tail driver.Tail)                { k(tail) }

// A suite is worth what it finds: each of these keepers breaks one rule, and is told so.
func TestBrokenKeepers(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	for name, test := range map[string]struct {
		keep  func() keeperFunc
		rules string // those that must be named
	}{
		"forgets the tail": {func() keeperFunc { return func(driver.Tail) {} }, "keeper-1"},
		"does not hold": {func() keeperFunc {
			return func(tail driver.Tail) {
				if tail.Final() {
					tail.Run()
				} else {
					go tail.Run()
				}
			}
		}, "keeper-3"},
		"ignores Final": {func() keeperFunc {
			return func(tail driver.Tail) {
				if !tail.Final() {
					tail.Run()
				}
			}
		}, "keeper-4"},
		"waits for a tail that is empty": {func() keeperFunc {
			return func(tail driver.Tail) {
				if tail.Empty() {
					<-never
				}
				tail.Run()
			}
		}, "keeper-5"},
		"holds a request ID once": {func() keeperFunc {
			var mu sync.Mutex
			held := map[string]bool{}
			return func(tail driver.Tail) {
				mu.Lock()
				again := held[tail.RequestID()]
				held[tail.RequestID()] = true
				mu.Unlock()
				if again {
					go tail.Run()
				} else {
					tail.Run()
				}
			}
		}, "keeper-7"},
		"runs one tail at a time": {func() keeperFunc {
			var mu sync.Mutex
			return func(tail driver.Tail) {
				mu.Lock()
				defer mu.Unlock()
				tail.Run()
			}
		}, "keeper-10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireFound(t, Harness{
				New:      func(*testing.T) Subject { return Subject{Strategy: test.keep()} },
				Patience: 300 * time.Millisecond,
			}, test.rules)
		})
	}
}

// requireFound runs all checks, and wants one of them to name the rule.
func requireFound(t *testing.T, h Harness, rule string) {
	t.Helper()
	var all []string
	for _, n := range checksFor(t, h) {
		all = append(all, h.run(t, n.check)...)
	}
	requireNamed(t, all, rule)
}

func requireNamed(t *testing.T, failures []string, rule string) {
	t.Helper()
	for _, failure := range failures {
		if strings.HasPrefix(failure, "rule "+rule+":") {
			return
		}
	}
	t.Errorf("rule %s is broken, but was not named:\n%s", rule, strings.Join(failures, "\n"))
}
