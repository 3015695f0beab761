// Package zeroloss counts what becomes of thousands of tasks while sandboxes and workers are killed, tasks hang and fail, and the
// queue has errors, throttles and answers that get lost:
//
//	go test ./internal/zeroloss -v -tasks 10000
//
// A client has a promise for every task in a response that reached it. Such a task has run at least once, or it is
// in the dead-letter queue and a worker said why. With a chain that begins in the sandbox, the tasks that a
// sandbox held when it was killed are the exception, and these alone.
package zeroloss

import (
	"bufio"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/offload/driver"
)

var (
	count = flag.Int("tasks", 1000, "tasks for each chain")
	seed  = flag.Uint64("seed", 1, "of what the tasks do, and of the draws for faults and kills; whom those meet depends on timing too")
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestSQS(t *testing.T) {
	l := trial(t, "sqs", 0)
	if len(l.held) != 0 {
		t.Errorf("%d tasks were held by a sandbox after its response: %v", len(l.held), l.held)
	}
}

func TestExtensionThenSQS(t *testing.T) {
	trial(t, "extension,sqs", 1)
}

func trial(t *testing.T, chain string, here int) *ledger {
	t.Helper()
	t.Parallel()
	s := newSite(t, chain, *seed)
	tasks := plan(rand.New(rand.NewPCG(*seed, 1)), *count, here)
	l := s.count(s.run(tasks), tasks)
	t.Logf(`OFFLOAD_STRATEGY=%s, seed %d, %d tasks, %d sandboxes killed:
accepted       %6d  After returned nil, and the response reached the client
done           %6d  ran at least once
duplicated     %6d  of these, ran more than once
dead-lettered  %6d  never ran, and the worker said why
held           %6d  were in a sandbox when it was killed
lost           %6d  all of them held then
unconfirmed    %6d  not accepted, since the response did not reach the client, and ran`,
		chain, *seed, len(tasks), s.killed, len(l.accepted), l.done, l.duplicated, l.dead, len(l.held), len(l.lost), l.unconfirmed)
	return l
}

// ledger is the account of a run.
type ledger struct {
	accepted    map[string]string // the request, by the task's ID
	done        int               // ran at least once
	duplicated  int               // ran more than once
	dead        int               // in the dead-letter queue and never ran
	unconfirmed int               // ran, and nobody had been promised that
	held        map[string]bool   // in a sandbox when it was killed
	lost        []string
}

// count balances the account, and reports what must not be.
func (s *site) count(answers []answer, tasks []work) *ledger {
	s.t.Helper()
	l := &ledger{accepted: map[string]string{}, held: map[string]bool{}}
	broken := s.brokenOff()
	for _, a := range answers {
		for _, id := range a.accepted {
			l.accepted[id] = a.request
		}
	}
	ran, ends, reasons := s.read()
	dead := s.deadLetters()
	for _, w := range tasks {
		request, accepted := l.accepted[w.ID]
		if !accepted {
			l.unconfirmed += min(ran[w.ID], 1)
			continue
		}
		// In a sandbox that came to the end of its tail every task has its terminal event.
		switch n := ends[w.ID]; {
		case n == 0 && broken[request]:
			l.held[w.ID] = true
		case n != 1:
			s.t.Errorf("%s has %d terminal events where it was deferred, want 1", w.ID, n)
		}
		switch {
		case ran[w.ID] > 0:
			l.done++
			if ran[w.ID] > 1 {
				l.duplicated++
			}
		case dead[w.ID]:
			l.dead++
			if reasons[w.ID] == "" {
				s.t.Errorf("%s is a dead letter, and nobody has said why", w.ID)
			}
		default:
			l.lost = append(l.lost, w.ID)
			if !l.held[w.ID] {
				s.t.Errorf("%s is lost: it was accepted, its sandbox was not killed, it never ran and is no dead letter; %q", w.ID, reasons[w.ID])
			}
		}
	}
	return l
}

// brokenOff are the requests whose sandbox died before the end of its tail.
func (s *site) brokenOff() map[string]bool {
	broken := map[string]bool{}
	for _, r := range s.front.Reports() {
		if r.Status != "success" {
			broken[r.RequestID] = true
		}
	}
	return broken
}

// read reads the journal: how often each task ran, how many terminal events it had where it was deferred, and why it failed.
func (s *site) read() (ran, ends map[string]int, reasons map[string]string) {
	s.t.Helper()
	f, err := os.Open(s.journal)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	ran, ends, reasons = map[string]int{}, map[string]int{}, map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r struct {
			What, ID, Reason string
			Hops             int
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			s.t.Fatalf("%v in %s", err, lines.Bytes())
		}
		switch {
		case r.What == "ran":
			ran[r.ID]++
		case r.Hops == 0:
			ends[r.ID]++
		}
		if r.Reason != "" && r.What != "handed over" {
			reasons[r.ID] = r.Reason
		}
	}
	if err := lines.Err(); err != nil {
		s.t.Fatal(err)
	}
	return ran, ends, reasons
}

func (s *site) deadLetters() map[string]bool {
	s.t.Helper()
	dead := map[string]bool{}
	for _, m := range s.dead.Snapshot().Messages {
		e, err := driver.Decode([]byte(m.Body))
		if err != nil {
			s.t.Fatalf("%v in %s", err, m.Body)
		}
		dead[e.ID] = true
	}
	return dead
}
