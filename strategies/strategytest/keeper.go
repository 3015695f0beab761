package strategytest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

func keeperChecks(extension bool) []namedCheck {
	var checks []namedCheck
	add := func(prefix string, refused bool) {
		for _, n := range []struct {
			name  string
			check func(c *check, refused bool)
		}{
			{"runs every tail once", checkRunsOnce},
			{"responds first", checkRespondsFirst},
			{"holds until the tail has run", checkHolds},
			{"panicking handler", checkFinal},
			{"nothing deferred", checkEmpty},
			{"failing handler", checkFailed},
			{"retried request ID", checkRetried},
			{"deadline", checkDeadline},
		} {
			checks = append(checks, namedCheck{prefix + n.name, func(c *check) { n.check(c, refused) }})
		}
	}
	add("", false)
	if extension {
		add("registration refused/", true)
		checks = append(checks, namedCheck{"order of INVOKE", checkOrder})
	}
	return append(checks, namedCheck{"concurrent", checkConcurrent})
}

// deferTask defers a task of a check. A refusal is the suite's own fault, and would make a
// check pass that has checked nothing.
func (c *check) deferTask(ctx context.Context, name string, fn func(ctx context.Context)) {
	if err := offload.After(ctx, offload.Func(name, func(ctx context.Context) error {
		fn(ctx)
		return nil
	})); err != nil {
		c.t.Errorf("strategytest: After: %v", err)
	}
}

func checkRunsOnce(c *check, refused bool) {
	const invocations, tasks = 5, 3
	var ran [invocations][tasks]atomic.Int32
	current := 0
	env := c.environment(func(ctx context.Context) (string, error) {
		i := current
		for j := range tasks {
			c.deferTask(ctx, "counts", func(context.Context) { ran[i][j].Add(1) })
		}
		return "ok", nil
	}, refused)
	for ; current < invocations; current++ {
		if !env.mustFreeze(env.invoke(fmt.Sprint("request-", current)), keeperHolds) {
			return
		}
		for j := range tasks {
			if n := ran[current][j].Load(); n != 1 {
				c.broken(keeperRuns, "at the freeze after invocation %d, task %d had run %d times", current+1, j+1, n)
			}
		}
	}
}

func checkRespondsFirst(c *check, refused bool) {
	env := c.environment(func(ctx context.Context) (string, error) {
		c.deferTask(ctx, "looks", func(ctx context.Context) {
			if inv := invocationOf(ctx); !inv.posted.Load() {
				c.broken(keeperAfter, "a task of %q ran before", inv.requestID)
			}
		})
		return "ok", nil
	}, refused)
	for i := range 3 {
		if !env.mustFreeze(env.invoke(fmt.Sprint("request-", i)), keeperHolds) {
			return
		}
	}
}

// gate is a task that waits until the check lets it go on.
type gate struct {
	started, open chan struct{}
	done          atomic.Bool
}

func newGate() *gate { return &gate{started: make(chan struct{}), open: make(chan struct{})} }

func (g *gate) pass(ctx context.Context) {
	close(g.started)
	select {
	case <-g.open:
		g.done.Store(true)
	case <-ctx.Done():
	}
}

// holds checks that the environment of an invocation with a gate is held until the gate opens.
func (e *environment) holds(inv *invocation, g *gate, r rule) bool {
	timer := time.NewTimer(e.check.Patience)
	defer timer.Stop()
	select {
	case <-g.started:
	case <-timer.C:
		close(g.open)
		e.check.broken(keeperRuns, "the task of %q was not started", inv.requestID)
		return false
	}
	early := e.frozen(inv, grace)
	close(g.open)
	if early {
		e.check.broken(r, "the environment was frozen while a task of %q ran", inv.requestID)
		return false
	}
	if !e.mustFreeze(inv, r) {
		return false
	}
	if !g.done.Load() {
		e.check.broken(r, "the task of %q was cancelled", inv.requestID)
	}
	return true
}

// gated is a handler that defers the current gate.
func (c *check) gated(g **gate) handlerFunc {
	return func(ctx context.Context) (string, error) {
		c.deferTask(ctx, "waits", (*g).pass)
		return "ok", nil
	}
}

func checkHolds(c *check, refused bool) {
	var g *gate
	env := c.environment(c.gated(&g), refused)
	for i := range 3 {
		g = newGate()
		if !env.holds(env.invoke(fmt.Sprint("request-", i)), g, keeperHolds) {
			return
		}
	}
}

func checkFinal(c *check, refused bool) {
	var ran atomic.Bool
	env := c.environment(func(ctx context.Context) (string, error) {
		c.deferTask(ctx, "last", func(context.Context) { ran.Store(true) })
		panic("the handler panicked")
	}, refused)
	inv := env.invoke("request-1")
	timer := time.NewTimer(c.Patience)
	defer timer.Stop()
	select {
	case <-inv.idle: // here the process exits
		if !ran.Load() {
			c.broken(keeperFinal, "the process would exit before the task ran")
		}
	case <-timer.C:
		c.broken(keeperFinal, "Keep did not return within %v", c.Patience)
	}
}

func checkEmpty(c *check, refused bool) {
	env := c.environment(func(context.Context) (string, error) { return "ok", nil }, refused)
	for i := range 3 {
		if !env.mustFreeze(env.invoke(fmt.Sprint("request-", i)), keeperEmpty) {
			return
		}
	}
}

func checkFailed(c *check, refused bool) {
	var ran atomic.Int32
	fails := true
	env := c.environment(func(ctx context.Context) (string, error) {
		c.deferTask(ctx, "counts", func(context.Context) { ran.Add(1) })
		if fails {
			return "", errHandler
		}
		return "ok", nil
	}, refused)
	for i := range int32(4) {
		fails = i%2 == 0
		if !env.mustFreeze(env.invoke(fmt.Sprint("request-", i)), keeperFailed) {
			return
		}
		if n := ran.Load(); n != i+1 {
			c.broken(keeperFailed, "%d tasks had run at the freeze after invocation %d, want one of each", n, i+1)
			return
		}
	}
}

func checkRetried(c *check, refused bool) {
	var g *gate
	attempt := 0
	env := c.environment(func(ctx context.Context) (string, error) {
		attempt++
		if attempt == 1 {
			return "", errHandler // nothing deferred: its hold ends at once
		}
		return c.gated(&g)(ctx)
	}, refused)
	if !env.mustFreeze(env.invoke("request-1"), keeperRetried) {
		return
	}
	for range 2 {
		g = newGate()
		if !env.holds(env.invoke("request-1"), g, keeperRetried) {
			return
		}
	}
}

func checkDeadline(c *check, refused bool) {
	release := make(chan struct{})
	defer close(release)
	stuck := true
	var started atomic.Bool
	env := c.environment(func(ctx context.Context) (string, error) {
		if stuck {
			c.deferTask(ctx, "ignores-its-context", func(context.Context) {
				started.Store(true)
				<-release
			})
		}
		return "ok", nil
	}, refused)
	inv := newInvocation("request-1", 300*time.Millisecond)
	env.announce(inv)
	env.start(inv)
	if !env.mustFreeze(inv, keeperDeadline) {
		return
	}
	if !started.Load() {
		c.broken(keeperRuns, "the task of %q was not started", inv.requestID)
	}
	stuck = false
	env.mustFreeze(env.invoke("request-2"), keeperDeadline)
}

func checkOrder(c *check) {
	var g *gate
	var called, proceed chan struct{} // of a handler that waits for the INVOKE
	env := c.environment(func(ctx context.Context) (string, error) {
		if called != nil {
			close(called)
			<-proceed
		}
		return c.gated(&g)(ctx)
	}, false)
	for i := range 6 {
		inv := newInvocation(fmt.Sprint("request-", i), invocationTimeout)
		g = newGate()
		called, proceed = nil, nil
		switch i % 3 {
		case 0: // after the response
			env.start(inv)
			select {
			case <-g.started:
			case <-inv.idle: // the keeper may wait for the INVOKE
			}
			env.announce(inv)
		case 1: // during the call
			called, proceed = make(chan struct{}), make(chan struct{})
			env.start(inv)
			<-called
			env.announce(inv)
			close(proceed)
		default: // before
			env.announce(inv)
			env.start(inv)
		}
		if !env.holds(inv, g, keeperOrder) {
			return
		}
	}
}

// meetingTail runs until all tails of its meeting run.
type meetingTail struct {
	id      string
	meeting *sync.WaitGroup
	over    <-chan struct{} // closed when all have come
	runs    atomic.Int32
	ran     chan struct{}
}

func (m *meetingTail) RequestID() string { return m.id }
func (m *meetingTail) Empty() bool       { return false }
func (m *meetingTail) Final() bool       { return false }

func (m *meetingTail) RunHere() { m.Run() }

func (m *meetingTail) Run() {
	if m.runs.Add(1) > 1 {
		<-m.ran
		return
	}
	m.meeting.Done()
	<-m.over
	close(m.ran)
}

// checkConcurrent calls Keep itself: package offload takes the concurrency of the process
// from AWS_LAMBDA_MAX_CONCURRENCY once, when the process starts.
func checkConcurrent(c *check) {
	const concurrency = 8
	subject := c.New(c.t)
	vars := map[string]string{}
	for key, value := range subject.Environment {
		vars[key] = value
	}
	if c.Extension {
		vars["AWS_LAMBDA_RUNTIME_API"] = serveExtensions(c.t, false).address()
	}
	keeper := subject.Strategy.(driver.Keeper)
	if err := keeper.Open(context.Background(), driver.Env{
		Getenv:         func(key string) string { return vars[key] },
		Logger:         slog.New(slog.DiscardHandler),
		MaxConcurrency: concurrency,
	}); err != nil {
		c.t.Fatalf("strategytest: opening the strategy: %v", err)
	}

	var meeting sync.WaitGroup
	meeting.Add(concurrency)
	over := make(chan struct{})
	tails := make([]*meetingTail, concurrency)
	for i := range tails {
		tails[i] = &meetingTail{id: fmt.Sprint("request-", i), meeting: &meeting, over: over, ran: make(chan struct{})}
		go keeper.Keep(tails[i])
	}
	all := make(chan struct{})
	go func() {
		meeting.Wait()
		close(all)
	}()
	timer := time.NewTimer(c.Patience)
	defer timer.Stop()
	select {
	case <-all:
	case <-timer.C:
		running := 0
		for _, tail := range tails {
			running += int(min(1, tail.runs.Load()))
		}
		c.broken(keeperConcurrent, "of %d invocations at once, the tails of %d ran", concurrency, running)
	}
	close(over)
}
