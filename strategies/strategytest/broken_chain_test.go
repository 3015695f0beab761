package strategytest

import (
	"context"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// restarts is a sender that forgets the attempts of a task.
type restarts struct{ flawed }

func (r *restarts) Send(ctx context.Context, batch []driver.Message) []error {
	altered := make([]driver.Message, len(batch))
	for i, m := range batch {
		e, err := driver.Decode(m.Body)
		if err != nil {
			panic(err)
		}
		e.Attempt = 0
		if m.Body, err = e.AppendJSON(nil); err != nil {
			panic(err)
		}
		altered[i] = m
	}
	return r.flawed.Send(ctx, altered)
}

// Chains of a strategy that breaks a rule and one that does not.
func TestBrokenChains(t *testing.T) {
	t.Parallel()
	keeper := func(k keeperFunc) func(*testing.T) Subject {
		return func(*testing.T) Subject { return Subject{Strategy: k} }
	}
	sender := func(f func() *flawed) func(*testing.T) Subject {
		return func(*testing.T) Subject {
			f := f()
			return Subject{Strategy: f, Destination: &Destination{Received: f.received, Refuse: f.refuse}}
		}
	}
	forgetful := keeper(func(tail driver.Tail) {
		if tail.Final() {
			tail.Run()
		}
	})
	inline := keeper(func(tail driver.Tail) { tail.Run() })
	good := sender(func() *flawed { return &flawed{} })
	claims := sender(func() *flawed { return &flawed{claimsSuccess: true} })
	second := func(*testing.T) Subject { // of two senders each needs a name of its own
		f := &renamed{}
		return Subject{Strategy: f, Destination: &Destination{Received: f.received, Refuse: f.refuse}}
	}
	counts := func(*testing.T) Subject {
		f := &restarts{}
		return Subject{Strategy: f, Destination: &Destination{Received: f.received, Refuse: f.refuse}}
	}
	for name, test := range map[string]struct {
		first, second func(*testing.T) Subject
		check         func(*chain)
		rule          rule
	}{
		"forgets what it took":             {forgetful, good, checkFirstTakes, chainFirst},
		"forgets what fails":               {forgetful, good, checkFailureLeaves, chainSpills},
		"loses what spills":                {inline, sender(func() *flawed { return &flawed{losesLast: true} }), checkFailureLeaves, chainSpills},
		"forgets the attempts":             {inline, counts, checkFailureLeaves, chainAttempts},
		"forgets what is late":             {forgetful, good, checkDeadlineLeaves, chainDeadline},
		"forgets a closure":                {forgetful, good, checkClosureEnds, chainClosure},
		"claims what it refused":           {inline, claims, checkNobodyTakes, chainNobody},
		"claims what another one can run":  {claims, inline, checkRefusedRuns, chainFallsBack},
		"forgets what is refused":          {good, forgetful, checkRefusedRuns, chainFallsBack},
		"claims what another one can take": {claims, second, checkRefusedGoesOn, chainRelays},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := Harness{New: test.first, Patience: 300 * time.Millisecond}
			requireNamed(t, runChain(t, first, Harness{New: test.second}, chainCheck{name, anyChain, test.check}), test.rule.id)
		})
	}
}

// renamed is a sender like flawed.
type renamed struct{ flawed }

func (*renamed) Name() string { return "renamed" }
