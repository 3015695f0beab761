package strategytest

import (
	"cmp"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// DefaultPatience is how long the suite waits for what must happen.
const DefaultPatience = 10 * time.Second

// grace is how long the suite looks out for what must not happen. A strategy that
// is right never fails because it is too short, nor because it is too long.
const grace = 30 * time.Millisecond

// Harness says what to test.
type Harness struct {
	// New makes what a check needs. It is called several times; each strategy is
	// opened once, by the suite.
	New func(t *testing.T) Subject

	// Extension says that the strategy registers with the Extensions API for INVOKE.
	// The suite then serves that API, under AWS_LAMBDA_RUNTIME_API.
	Extension bool

	// Patience is how long to wait for what must happen; 0 means [DefaultPatience].
	// It bounds how long a test of a broken strategy takes, not that of a right one.
	Patience time.Duration
}

// Subject is a strategy and what is around it.
type Subject struct {
	// Strategy is not opened yet.
	Strategy driver.Strategy

	// Environment is what Env.Getenv knows. Nil is an empty environment.
	Environment map[string]string

	// Destination is where a sender sends to. Senders need it.
	Destination *Destination
}

// Destination looks at the far end of a sender.
type Destination struct {
	// Received gives the bodies of the messages that have arrived, in any order.
	Received func() [][]byte

	// Refuse makes the destination refuse all messages from now on: for a reason that
	// may pass, or with permanent in a way that no repetition can change. Nil skips sender-5's
	// second half.
	Refuse func(permanent bool)
}

// rule is a rule of the package documentation.
type rule struct{ id, text string }

var (
	keeperRuns       = rule{"keeper-1", "every tail is run, and its tasks once"}
	keeperAfter      = rule{"keeper-2", "no task runs before the response is out"}
	keeperHolds      = rule{"keeper-3", "the environment is frozen when the tail has run, and not before"}
	keeperFinal      = rule{"keeper-4", "a tail that is Final has run when Keep returns"}
	keeperEmpty      = rule{"keeper-5", "an invocation that deferred nothing does not hold the environment"}
	keeperFailed     = rule{"keeper-6", "the tasks of a failed handler run before the freeze"}
	keeperRetried    = rule{"keeper-7", "invocations of the same request ID are held each for itself"}
	keeperOrder      = rule{"keeper-8", "the order of an extension's INVOKE and the invocation does not matter"}
	keeperDeadline   = rule{"keeper-9", "a tail that ends at its deadline ends the hold"}
	keeperConcurrent = rule{"keeper-10", "no tail waits for another one's"}

	senderLimits     = rule{"sender-1", "Limits are usable"}
	senderDelivers   = rule{"sender-2", "what Send reports as accepted has arrived as it was given"}
	senderTakes      = rule{"sender-3", "Send takes what Limits promise"}
	senderForgets    = rule{"sender-4", "Send neither changes nor keeps the batch"}
	senderReports    = rule{"sender-5", "one result per message, permanent where trying again is useless"}
	senderContext    = rule{"sender-6", "Send ends with its context"}
	senderConcurrent = rule{"sender-7", "Sends may be in flight at once"}
	senderDurable    = rule{"sender-8", "tasks have arrived before the response is out"}

	chainFirst     = rule{"chain-1", "the first strategy has what it can do, and the second hears nothing of it"}
	chainSpills    = rule{"chain-2", "what fails here for good goes to the second, once"}
	chainAttempts  = rule{"chain-3", "the attempts made go with the task"}
	chainDeadline  = rule{"chain-4", "what would miss the deadline goes to the second before it"}
	chainClosure   = rule{"chain-5", "a closure ends in this process"}
	chainNobody    = rule{"chain-6", "a task that nobody takes ends with the reason"}
	chainFallsBack = rule{"chain-7", "what the first refuses runs here, once and after the response"}
	chainRelays    = rule{"chain-8", "what the first refuses has arrived at the second before the response is out"}
)

// check is one test of a strategy and what it found.
type check struct {
	t *testing.T
	Harness

	mu    sync.Mutex
	found []string
}

// broken notes that a rule is broken.
func (c *check) broken(r rule, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = append(c.found, fmt.Sprintf("rule %s: %s: %s", r.id, r.text, fmt.Sprintf(format, args...)))
}

// checkFunc tests one thing. What stops it from testing at all is fatal.
type checkFunc func(c *check)

type namedCheck struct {
	name  string
	check checkFunc
}

// Run tests a strategy by all the rules that apply to it.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, n := range checksFor(t, h) {
		t.Run(n.name, func(t *testing.T) {
			for _, failure := range h.run(t, n.check) {
				t.Error(failure)
			}
		})
	}
}

func (h Harness) run(t *testing.T, test checkFunc) []string {
	t.Helper()
	h.Patience = cmp.Or(h.Patience, DefaultPatience)
	c := &check{t: t, Harness: h}
	test(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found
}

func checksFor(t *testing.T, h Harness) []namedCheck {
	t.Helper()
	switch s := h.New(t); s.Strategy.(type) {
	case driver.Keeper:
		return keeperChecks(h.Extension)
	case driver.Sender:
		if s.Destination == nil || s.Destination.Received == nil {
			t.Fatalf("strategytest: strategy %q is a sender; the Harness needs its Destination", s.Strategy.Name())
		}
		return senderChecks()
	default:
		t.Fatalf("strategytest: %T is neither a driver.Keeper nor a driver.Sender", s.Strategy)
		return nil
	}
}
