package strategytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// RunChain tests two strategies one behind the other, as OFFLOAD_STRATEGY=first,second selects
// them. Each should pass [Run] by itself. Which rules apply depends on what the two can do; a check
// that needs more is skipped, and says what it needs.
func RunChain(t *testing.T, first, second Harness) {
	t.Helper()
	for _, n := range chainChecks {
		t.Run(n.name, func(t *testing.T) {
			for _, failure := range runChain(t, first, second, n) {
				t.Error(failure)
			}
		})
	}
}

func runChain(t *testing.T, first, second Harness, n chainCheck) []string {
	t.Helper()
	one, two := first.capabilities(t), second.capabilities(t)
	if missing := n.needs(one, two); missing != "" {
		t.Skip("needs " + missing)
	}
	return first.run(t, func(c *check) { n.check(&chain{check: c, second: second, one: one, two: two}) })
}

// capabilities are what a strategy and its harness can do, as far as rules depend on it.
type capabilities struct {
	keeps   bool // runs tasks in the process
	sends   bool // takes them out of it
	refuses bool // its destination can be told to
}

func (h Harness) capabilities(t *testing.T) capabilities {
	t.Helper()
	s := h.New(t)
	var of capabilities
	_, of.keeps = s.Strategy.(driver.Keeper)
	_, of.sends = s.Strategy.(driver.Sender)
	of.refuses = of.sends && s.Destination != nil && s.Destination.Refuse != nil
	if of.sends && (s.Destination == nil || s.Destination.Received == nil) {
		t.Fatalf("strategytest: strategy %q is a sender; its Harness needs a Destination", s.Strategy.Name())
	}
	return of
}

// chainCheck is a check of a chain, with what it needs of the first and the second strategy.
type chainCheck struct {
	name  string
	needs func(one, two capabilities) (missing string)
	check func(c *chain)
}

var chainChecks = []chainCheck{
	{"the first takes what it can", anyChain, checkFirstTakes},
	{"what fails here leaves with its attempts", spilling, checkFailureLeaves},
	{"what would miss the deadline leaves", spilling, checkDeadlineLeaves},
	{"a closure ends here", spilling, checkClosureEnds},
	{"nobody takes it", spillingToRefusal, checkNobodyTakes},
	{"what is refused runs here", fallingBack, checkRefusedRuns},
	{"what is refused goes to the second", relaying, checkRefusedGoesOn},
}

func anyChain(capabilities, capabilities) string { return "" }

func spilling(one, two capabilities) string {
	if !one.keeps || !two.sends {
		return "a keeper with a sender behind it"
	}
	return ""
}

func spillingToRefusal(one, two capabilities) string {
	if spilling(one, two) != "" || !two.refuses {
		return "a keeper with a sender behind it whose destination can refuse"
	}
	return ""
}

func fallingBack(one, two capabilities) string {
	if !one.refuses || !two.keeps {
		return "a sender whose destination can refuse, with a keeper behind it"
	}
	return ""
}

func relaying(one, two capabilities) string {
	if !one.refuses || !two.sends {
		return "a sender whose destination can refuse, with a sender behind it"
	}
	return ""
}

// chain is a check of two strategies.
type chain struct {
	*check
	second   Harness
	one, two capabilities
}

// chainEnvironment is an environment with the ends of tasks by name.
type chainEnvironment struct {
	*environment
	first, second Subject

	mu   sync.Mutex
	ends map[string][]offload.Event
}

// open opens the chain behind a handler.
func (c *chain) open(handler handlerFunc, opts ...offload.Option) *chainEnvironment {
	c.t.Helper()
	e := &chainEnvironment{first: c.New(c.t), second: c.second.New(c.t), ends: map[string][]offload.Event{}}
	opts = append(opts, offload.WithObserver(offload.ObserverFunc(func(_ context.Context, ev offload.Event) {
		if ev.Kind.Terminal() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.ends[ev.Task.Name] = append(e.ends[ev.Task.Name], ev)
		}
	})))
	e.environment = c.environmentOf(handler, c.Extension || c.second.Extension, false, []Subject{e.first, e.second}, opts...)
	return e
}

// ended checks that the task of a name had one terminal event, of the kind.
func (e *chainEnvironment) ended(r rule, name string, kind offload.EventKind) (offload.Event, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ends := e.ends[name]; len(ends) != 1 || ends[0].Kind != kind {
		e.check.broken(r, "task %q had the terminal events %v, want one: %v", name, ends, kind)
		return offload.Event{}, false
	}
	return e.ends[name][0], true
}

// envelopes decodes what a destination has.
func (c *chain) envelopes(s Subject) []*driver.Envelope {
	var all []*driver.Envelope
	for _, body := range s.Destination.Received() {
		e, err := driver.Decode(body)
		if err != nil {
			c.broken(senderDelivers, "what has arrived is no envelope: %v", err)
			continue
		}
		all = append(all, e)
	}
	return all
}

// chainTask does what its invocation says: here, or where its envelope is delivered.
var chainTask = offload.Define("strategytest/chain", func(ctx context.Context, _ string) error {
	return invocationOf(ctx).task(ctx)
}, offload.MaxAttempts(2), offload.Backoff(time.Millisecond, time.Millisecond))

const chainTaskID = "chain-task"

func deferChainTask(ctx context.Context) (string, error) {
	return "ok", offload.After(ctx, chainTask.With("input"), offload.ID(chainTaskID))
}

// invoke starts an invocation whose tasks do as task says.
func (e *chainEnvironment) invoke(requestID string, timeout time.Duration, task func(context.Context) error) *invocation {
	inv := newInvocation(requestID, timeout)
	inv.task = task
	e.announce(inv)
	e.start(inv)
	return inv
}

var errTask = errors.New("the task failed")

func checkFirstTakes(c *chain) {
	e := c.open(deferChainTask)
	var ran atomic.Int32
	inv := e.invoke("request-1", invocationTimeout, func(context.Context) error {
		ran.Add(1)
		return nil
	})
	if !e.mustFreeze(inv, chainFirst) {
		return
	}
	want, kind := int32(0), offload.HandedOver
	if c.one.keeps {
		want, kind = 1, offload.Done
	} else if n := len(c.envelopes(e.first)); n != 1 {
		c.broken(chainFirst, "%d envelopes at the first destination, want 1", n)
	}
	if ran.Load() != want {
		c.broken(chainFirst, "the task ran %d times here, want %d", ran.Load(), want)
	}
	if c.two.sends {
		if n := len(c.envelopes(e.second)); n != 0 {
			c.broken(chainFirst, "%d envelopes at the second destination, want none", n)
		}
	}
	e.ended(chainFirst, chainTask.Name(), kind)
}

// arrivedOnce gives the only envelope at a destination.
func (c *chain) arrivedOnce(s Subject, r rule) (*driver.Envelope, bool) {
	all := c.envelopes(s)
	if len(all) != 1 || all[0].ID != chainTaskID {
		c.broken(r, "%d envelopes at the destination, want the one of the task", len(all))
		return nil, false
	}
	return all[0], true
}

func checkFailureLeaves(c *chain) {
	e := c.open(deferChainTask)
	fails := func(context.Context) error { return errTask }
	if !e.mustFreeze(e.invoke("request-1", invocationTimeout, fails), chainSpills) {
		return
	}
	envelope, ok := c.arrivedOnce(e.second, chainSpills)
	if !ok {
		return
	}
	if envelope.Attempt != 2 || envelope.Hops != 1 {
		c.broken(chainAttempts, "the envelope says %d attempts and %d hops, after two attempts here", envelope.Attempt, envelope.Hops)
	}
	if end, ok := e.ended(chainSpills, chainTask.Name(), offload.HandedOver); ok && !errors.Is(end.Err, errTask) {
		c.broken(chainSpills, "the task was handed over with the reason %v, want the error of its last attempt", end.Err)
	}

	// The same function is the worker: it gets what has arrived as an event.
	var seen []offload.TaskInfo
	inv := newInvocation("request-2", invocationTimeout)
	inv.event = e.second.Destination.Received()[0]
	inv.task = func(ctx context.Context) error {
		info, _ := offload.TaskFromContext(ctx)
		seen = append(seen, info)
		return nil
	}
	e.announce(inv)
	e.start(inv)
	if !e.mustFreeze(inv, chainAttempts) {
		return
	}
	if len(seen) != 1 || seen[0].ID != chainTaskID || seen[0].Attempt != 3 || seen[0].Hops != 1 {
		c.broken(chainAttempts, "delivered to the function again, the task saw %+v, want its ID, the third attempt and one hop", seen)
	}
}

func checkDeadlineLeaves(c *chain) {
	for _, listens := range []bool{true, false} {
		e := c.open(deferChainTask, offload.WithMargin(time.Second)) // enough to send on a slow machine
		release := make(chan struct{})
		inv := e.invoke("request-1", 1300*time.Millisecond, func(ctx context.Context) error {
			if listens {
				<-ctx.Done()
				return ctx.Err()
			}
			<-release
			return nil
		})
		frozen := e.mustFreeze(inv, chainDeadline)
		if frozen {
			c.arrivedOnce(e.second, chainDeadline)
			e.ended(chainDeadline, chainTask.Name(), offload.HandedOver)
		}
		close(release)
	}
}

func checkClosureEnds(c *chain) {
	e := c.open(func(ctx context.Context) (string, error) {
		return "ok", offload.After(ctx, offload.Func("closure", func(context.Context) error { return errTask }), offload.MaxAttempts(1))
	})
	if !e.mustFreeze(e.invoke("request-1", invocationTimeout, nil), chainClosure) {
		return
	}
	if n := len(c.envelopes(e.second)); n != 0 {
		c.broken(chainClosure, "%d envelopes at the destination", n)
	}
	e.ended(chainClosure, "closure", offload.Failed)
}

func checkNobodyTakes(c *chain) {
	e := c.open(deferChainTask)
	e.second.Destination.Refuse(true)
	fails := func(context.Context) error { return errTask }
	if !e.mustFreeze(e.invoke("request-1", invocationTimeout, fails), chainNobody) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	ends := e.ends[chainTask.Name()]
	if len(ends) != 1 || ends[0].Kind != offload.Dropped && ends[0].Kind != offload.Failed || ends[0].Err == nil {
		c.broken(chainNobody, "the task had the terminal events %v, want one with the reason", ends)
	}
}

func checkRefusedRuns(c *chain) {
	e := c.open(deferChainTask)
	e.first.Destination.Refuse(true)
	var ran atomic.Int32
	var early atomic.Bool
	for i := range int32(3) {
		inv := e.invoke(fmt.Sprint("request-", i), invocationTimeout, func(ctx context.Context) error {
			ran.Add(1)
			if !invocationOf(ctx).posted.Load() {
				early.Store(true)
			}
			return nil
		})
		if !e.mustFreeze(inv, chainFallsBack) {
			return
		}
		if ran.Load() != i+1 {
			c.broken(chainFallsBack, "at the freeze after invocation %d, %d tasks had run", i+1, ran.Load())
			return
		}
	}
	if early.Load() {
		c.broken(keeperAfter, "a refused task ran before")
	}
}

func checkRefusedGoesOn(c *chain) {
	e := c.open(deferChainTask)
	e.first.Destination.Refuse(true)
	e.sent = func() {
		if !slices.ContainsFunc(c.envelopes(e.second), func(e *driver.Envelope) bool { return e.ID == chainTaskID }) {
			c.broken(chainRelays, "the task was not at the second destination when the response was out")
		}
	}
	if e.mustFreeze(e.invoke("request-1", invocationTimeout, nil), chainRelays) {
		c.arrivedOnce(e.second, chainRelays)
		e.ended(chainRelays, chainTask.Name(), offload.HandedOver)
	}
}
