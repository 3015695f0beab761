package offload

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
)

// Whoever waits for the end of a tail asks for the next event, and the goroutine that ended it may be frozen: everything
// is in order by then. Here that goroutine is held up where it takes the scope out of the ledger.
func TestTheEndOfATailIsToldLast(t *testing.T) {
	t.Parallel()
	o, events := open(t)
	s := o.begin(context.Background())
	if err := After(s, Func("task", nothing)); err != nil {
		t.Fatal(err)
	}
	over := s.over()
	o.ledger.mu.Lock()
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		s.Run()
	}()
	for deadline := time.Now().Add(10 * time.Second); !heldUp("(*ledger).remove("); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the tail does not take its scope out of the ledger")
		}
	}
	select {
	case <-over:
		t.Error("the tail is said to be over before it is")
	default:
	}
	o.ledger.mu.Unlock()
	<-returned
	if end := events.end(t, "task"); end.Kind != Done {
		t.Errorf("end: %v, %v", end.Kind, end.Err)
	}
}

// heldUp reports whether some goroutine waits for a mutex in a function.
func heldUp(in string) bool {
	buf := make([]byte, 1<<20)
	for stack := range bytes.SplitSeq(buf[:runtime.Stack(buf, true)], []byte("\n\n")) {
		if bytes.Contains(stack, []byte("[sync.Mutex.Lock]")) && bytes.Contains(stack, []byte(in)) {
			return true
		}
	}
	return false
}

// A task that finds nobody at the next link any more ends at the one it was at.
func TestTaskThatCannotLeaveEndsWhereItWas(t *testing.T) {
	t.Parallel()
	o, events := open(t, WithStrategies(inline{}, &outbound{name: "out"}))
	s := o.begin(context.Background())
	if err := After(s, sent.With("a")); err != nil {
		t.Fatal(err)
	}
	e := s.held.first
	s.abandon(ErrMissed)
	if end := events.end(t, "handoff/task"); end.Strategy != "out" || end.Kind != HandedOver {
		t.Errorf("given up in time: %v at %q", end.Kind, end.Strategy)
	}
	e.put(queued) // as if nobody had seen it when the scope was given up
	e.setLink(0)
	e.leave(queued, Dropped, ErrMissed)
	ends := events.events("handoff/task")
	if end := ends[len(ends)-1]; end.Kind != Dropped || !errors.Is(end.Err, ErrMissed) || end.Strategy != "inline" {
		t.Errorf("too late: %v at %q, %v", end.Kind, end.Strategy, end.Err)
	}
}
