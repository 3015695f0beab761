package extension

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// script is the Extensions API without a network, so that virtual time can pass while
// the extension waits for an answer.
type script struct {
	events chan event   // answers to event/next; closed: the API fails
	asked  atomic.Int32 // requests for an event so far
}

func (s *script) RoundTrip(*http.Request) (*http.Response, error) {
	s.asked.Add(1)
	ev, ok := <-s.events
	if !ok {
		return nil, errors.New("connection reset")
	}
	body, err := json.Marshal(ev)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

// bench is a registered extension in a bubble of virtual time.
type bench struct {
	*Strategy
	t   *testing.T
	api *script
	log bytes.Buffer
}

const timeout = 3 * time.Second

// inBubble runs a test of a registered extension whose loop waits for its first event.
func inBubble(t *testing.T, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{Strategy: New(nil), t: t, api: &script{events: make(chan event)}}
		b.Strategy.log = slog.New(slog.NewTextHandler(&b.log, nil))
		b.Strategy.api = &client{base: "http://api/", transport: b.api}
		go b.loop()
		synctest.Wait()
		test(b)
		if !b.lost {
			close(b.api.events)
		}
		synctest.Wait()
	})
}

// invoke delivers an INVOKE whose deadline is a timeout away.
func (b *bench) invoke(requestID string) {
	b.t.Helper()
	b.api.events <- event{EventType: "INVOKE", RequestID: requestID, DeadlineMS: time.Now().Add(timeout).UnixMilli()}
	synctest.Wait()
}

// wantHeld checks whether the extension holds the environment: it has not asked for the
// event after the n-th.
func (b *bench) wantHeld(held bool, n int) {
	b.t.Helper()
	synctest.Wait()
	if asked := int(b.api.asked.Load()); (asked == n) != held {
		b.t.Errorf("held = %t, want %t: after %d events, %d were asked for", !held, held, n, asked)
	}
}

// tail is a tail that runs until it is released.
type tail struct {
	id           string
	empty, final bool
	release      chan struct{}
	runs         atomic.Int32
}

func newTail(id string) *tail { return &tail{id: id, release: make(chan struct{})} }

func (t *tail) RequestID() string { return t.id }
func (t *tail) Empty() bool       { return t.empty }
func (t *tail) Final() bool       { return t.final }

func (t *tail) RunHere() { t.Run() }

func (t *tail) Run() {
	t.runs.Add(1)
	<-t.release
}

func TestHoldsUntilTheTailHasRun(t *testing.T) {
	t.Parallel()
	for name, keepFirst := range map[string]bool{"INVOKE first": false, "Keep first": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bench) {
				for i := range 3 {
					work := newTail(fmt.Sprint("request-", i))
					if keepFirst {
						b.Keep(work)
						synctest.Wait()
						b.invoke(work.id)
					} else {
						b.invoke(work.id)
						b.Keep(work)
					}
					b.wantHeld(true, i+1)
					close(work.release)
					b.wantHeld(false, i+1)
					if n := work.runs.Load(); n != 1 {
						t.Errorf("the tail ran %d times", n)
					}
				}
			})
		})
	}
}

func TestSameRequestIDTwice(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		for i := range 3 {
			work := newTail("request-1")
			b.invoke(work.id)
			b.Keep(work)
			b.wantHeld(true, i+1)
			close(work.release)
			b.wantHeld(false, i+1)
		}
	})
}

// Lambda retries an asynchronous invocation under its old ID. That the attempt before was
// let go must not let go of this one.
func TestRetryOfAMissedInvocation(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		b.invoke("request-1")
		b.Missed()
		b.wantHeld(false, 1)

		work := newTail("request-1")
		b.invoke(work.id)
		returned := false
		go func() {
			b.Keep(work)
			returned = true
		}()
		synctest.Wait()
		if !returned {
			t.Error("Keep ran the tail itself, though the environment is held")
		}
		b.wantHeld(true, 2)
		close(work.release)
		b.wantHeld(false, 2)
	})
}

// A tail that was done before its INVOKE came needs no hold.
func TestInvokeAfterTheTail(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		work := newTail("request-1")
		close(work.release)
		b.Keep(work)
		b.invoke(work.id)
		b.wantHeld(false, 1)
	})
}

func TestFinalAndEmptyTailsRunInKeep(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]*tail{
		"final": {id: "request-1", final: true},
		"empty": {id: "request-1", empty: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bench) {
				work.release = make(chan struct{})
				b.invoke(work.id)
				returned := false
				go func() {
					b.Keep(work)
					returned = true
				}()
				synctest.Wait()
				if returned || work.runs.Load() != 1 {
					t.Errorf("Keep returned = %t after %d runs", returned, work.runs.Load())
				}
				close(work.release)
				b.wantHeld(false, 1)
				if !returned {
					t.Error("Keep did not return")
				}
			})
		})
	}
}

func TestMissed(t *testing.T) {
	t.Parallel()
	for name, missedFirst := range map[string]bool{"after INVOKE": false, "before INVOKE": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bench) {
				if missedFirst {
					b.Missed()
					b.invoke("request-1")
				} else {
					b.invoke("request-1")
					b.wantHeld(true, 1)
					b.Missed()
				}
				b.wantHeld(false, 1)

				work := newTail("request-2")
				b.invoke(work.id)
				b.Keep(work)
				b.wantHeld(true, 2)
				close(work.release)
				b.wantHeld(false, 2)
			})
		})
	}
}

// An invocation of which nothing more is heard is let go shortly before its deadline;
// its Keep, should it come after all, finds no hold and runs the tail itself.
func TestHoldEndsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		start := time.Now()
		b.invoke("request-1")
		<-time.After(timeout - releaseBefore - time.Millisecond)
		b.wantHeld(true, 1)
		<-time.After(2 * time.Millisecond)
		b.wantHeld(false, 1)
		if past := time.Since(start); past >= timeout {
			t.Errorf("let go after %v, the timeout is %v", past, timeout)
		}

		late := newTail("request-1")
		returned := false
		go func() {
			b.Keep(late)
			returned = true
		}()
		synctest.Wait()
		if returned {
			t.Error("Keep returned before the tail had run, and nobody holds the environment")
		}
		close(late.release)
		synctest.Wait()
		if !returned {
			t.Error("Keep did not return")
		}
	})
}

// The timer is left from holds that ended in time. It must let go of none too early, and of the
// one that stays at its own deadline.
func TestEachHoldHasItsOwnDeadline(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]time.Duration{"longer": timeout, "shorter": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bench) {
				for i := range 5 { // past the deadline of the first, with a hold at that moment
					work := newTail(fmt.Sprint("request-", i))
					b.invoke(work.id)
					b.Keep(work)
					<-time.After(timeout / 4)
					b.wantHeld(true, i+1)
					close(work.release)
					b.wantHeld(false, i+1)
				}
				b.api.events <- event{EventType: "INVOKE", RequestID: "stays", DeadlineMS: time.Now().Add(last).UnixMilli()}
				<-time.After(last - releaseBefore - time.Millisecond)
				b.wantHeld(true, 6)
				<-time.After(2 * time.Millisecond)
				b.wantHeld(false, 6)
			})
		})
	}
}

func TestLostAPI(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bench) {
		close(b.api.events)
		synctest.Wait()
		work := newTail("request-1")
		returned := false
		go func() {
			b.Keep(work)
			returned = true
		}()
		synctest.Wait()
		if returned || work.runs.Load() != 1 {
			t.Errorf("Keep returned = %t after %d runs; without its loop the extension holds nothing", returned, work.runs.Load())
		}
		close(work.release)
		synctest.Wait()
		if !returned {
			t.Error("Keep did not return")
		}
		if n := strings.Count(b.log.String(), "level=ERROR"); n != 1 || !strings.Contains(b.log.String(), "connection reset") {
			t.Errorf("%d errors in the log, want one with the cause:\n%s", n, b.log.String())
		}
	})
}
