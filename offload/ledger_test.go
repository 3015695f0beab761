package offload

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

// forgetful is a keeper whose environment freezes before the tail has run.
type forgetful struct{ inline }

func (forgetful) Keep(driver.Tail) {}

func TestMissedTailIsSettledByTheNextInvocation(t *testing.T) {
	t.Parallel()
	o, events := open(t, WithStrategies(forgetful{}))
	_, _ = drive(o, deferring(t, Func("missed", nothing)))
	if got := len(events.kinds("missed")); got != 1 {
		t.Fatalf("%d events before the next invocation, want Accepted only", got)
	}
	_, _ = drive(o, deferring(t))
	if end := events.end(t, "missed"); end.Kind != Dropped || !errors.Is(end.Err, ErrMissed) {
		t.Errorf("end: %v, %v; want dropped, ErrMissed", end.Kind, end.Err)
	}
	if n := len(o.ledger.open()); n != 1 {
		t.Errorf("%d scopes in the ledger, want the newest only", n)
	}
}

func TestMissedTailSpills(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out"}
	o, events := open(t, WithStrategies(forgetful{}, out))
	_, _ = drive(o, deferringN(t, 1))
	_, _ = drive(o, deferring(t))
	if end := events.end(t, "handoff/task"); end.Kind != HandedOver || !errors.Is(end.Err, ErrMissed) {
		t.Errorf("end: %v, %v", end.Kind, end.Err)
	}
}

// A keeper takes nothing for a scope that is over: a task that the sender before it
// refuses is lost, and says so.
func TestMissedTailWithKeeperBehindSender(t *testing.T) {
	t.Parallel()
	out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
		return []error{backoff.Permanent(errSend)}
	}}
	o, events := open(t, WithStrategies(out, forgetful{}), WithHandOff(HandOffAfter))
	_, _ = drive(o, deferringN(t, 1))
	_, _ = drive(o, deferring(t))
	if end := events.end(t, "handoff/task"); end.Kind != Dropped || !errors.Is(end.Err, ErrHandOver) || !errors.Is(end.Err, errSend) || end.Strategy != "out" {
		t.Errorf("end: %v at %q, %v; want dropped at the sender, ErrHandOver", end.Kind, end.Strategy, end.Err)
	}
}

// Environments that serve several invocations at once do not freeze: an open tail is
// nothing unusual there.
func TestOpenTailsOfConcurrentInvocations(t *testing.T) {
	t.Parallel()
	o, events := open(t, WithStrategies(forgetful{}))
	o.freezes = false
	_, _ = drive(o, deferring(t, Func("open", nothing)))
	_, _ = drive(o, deferring(t))
	if got := events.kinds("open"); len(got) != 1 {
		t.Errorf("events %v, want Accepted only", got)
	}
	if n := len(o.ledger.open()); n != 2 {
		t.Errorf("%d scopes in the ledger, want 2", n)
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t, WithStrategies(inline{}))
		release := make(chan struct{})
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = drive(o, func(ctx context.Context) (any, error) {
				_ = After(ctx, Func("listens", func(ctx context.Context) error {
					<-ctx.Done()
					if cause := context.Cause(ctx); !errors.Is(cause, ErrShutdown) {
						t.Errorf("cause %v, want ErrShutdown", cause)
					}
					return ctx.Err()
				}))
				_ = After(ctx, Func("finishes", func(ctx context.Context) error { <-ctx.Done(); return nil }))
				return nil, After(ctx, Func("deaf", func(context.Context) error { <-release; return nil }))
			})
		}()
		<-time.After(time.Second)
		start := time.Now()
		o.shutdown()
		if took := time.Since(start); took != shutdownGrace {
			t.Errorf("the shutdown took %v, want %v", took, shutdownGrace)
		}
		for name, want := range map[string]EventKind{"listens": Dropped, "deaf": Dropped, "finishes": Done} {
			end := events.end(t, name)
			if end.Kind != want || want == Dropped && !errors.Is(end.Err, ErrShutdown) {
				t.Errorf("%s ends as %v, %v", name, end.Kind, end.Err)
			}
		}
		close(release)
		<-over
		events.end(t, "deaf") // still one
	})
}

// A shutdown does not wait where nothing hangs.
func TestShutdownIsQuick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = drive(o, deferring(t, Func("task", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })))
		}()
		synctest.Wait()
		start := time.Now()
		o.shutdown()
		if took := time.Since(start); took != 0 {
			t.Errorf("the shutdown took %v", took)
		}
		<-over
		if end := events.end(t, "task"); !errors.Is(end.Err, ErrShutdown) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
	})
}

// During a handler, a shutdown ends what was accepted, and nothing more is.
func TestShutdownDuringTheHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t)
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			_ = After(ctx, Func("early", nothing))
			o.shutdown()
			if err := After(ctx, Func("late", nothing)); !errors.Is(err, ErrClosed) {
				t.Errorf("After = %v, want ErrClosed", err)
			}
			return nil, nil
		})
		if end := events.end(t, "early"); end.Kind != Dropped || !errors.Is(end.Err, ErrShutdown) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
	})
}

type connections struct{ closed int }

func (c *connections) CloseIdleConnections() { c.closed++ }

// thawing is a keeper with connections.
type thawing struct {
	inline
	thawed *int
}

func (s thawing) Thaw() { *s.thawed++ }

func TestThaw(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, thawed := &connections{}, 0
		o, _ := open(t, WithStrategies(thawing{thawed: &thawed}), WithConnections(client))
		for _, tc := range []struct {
			pause time.Duration
			want  int
		}{{time.Hour, 0}, {DefaultThawAfter - 1, 0}, {DefaultThawAfter, 1}, {0, 1}, {time.Hour, 2}} {
			<-time.After(tc.pause)
			_, _ = drive(o, deferring(t))
			if client.closed != tc.want || thawed != tc.want {
				t.Errorf("after a pause of %v: connections dropped %d times, strategy thawed %d times; want %d", tc.pause, client.closed, thawed, tc.want)
			}
		}
	})
}

func TestLedgerRemoval(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}} {
		var l ledger
		scopes := []*scope{{}, {}, {}}
		for _, s := range scopes {
			l.add(s)
		}
		for n, i := range order {
			l.remove(scopes[i])
			l.remove(scopes[i]) // does no harm
			if left := len(l.open()); left != 2-n {
				t.Fatalf("order %v: %d scopes left after %d removals", order, left, n+1)
			}
		}
	}
}

// A task is refused, and dropped for those who saw it accepted, if the end comes in between. The observer is not
// called with a lock held.
func TestShutdownDuringAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var (
			o      *offloader
			events *journal
		)
		again := errors.New("the observer was not told of the end")
		watch := ObserverFunc(func(ctx context.Context, e Event) {
			if e.Kind == Accepted {
				o.shutdown()
			} else {
				again = After(ctx, Func("again", nothing))
			}
		})
		o, events = open(t, WithObserver(watch))
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			if err := After(context.WithValue(ctx, contextKey("k"), "v"), Func("task", nothing)); !errors.Is(err, ErrClosed) {
				t.Errorf("After = %v, want ErrClosed", err)
			}
			return nil, nil
		})
		if end := events.end(t, "task"); end.Kind != Dropped || !errors.Is(end.Err, ErrClosed) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
		if !errors.Is(again, ErrClosed) {
			t.Errorf("After in the observer = %v, want ErrClosed", again)
		}
	})
}
