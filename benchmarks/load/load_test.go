package load

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestConstantLoadIsEvenlySpaced(t *testing.T) {
	t.Parallel()
	at := Schedule(workload.Load{Shape: workload.Constant, Rate: 4}, 3)
	for i, want := range []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond} {
		if at[i] != want {
			t.Errorf("request %d at %v, want %v", i, at[i], want)
		}
	}
}

// A ramp from 2 to 6 requests a second over 12 requests takes 3 s. After 1 s the
// rate is 10/3, and 2 + 2/3 requests are due; after 2 s 20/3.
func TestRampGrowsEvenly(t *testing.T) {
	t.Parallel()
	l := workload.Load{Shape: workload.Ramp, Rate: 2, To: 6}
	if d := Lasts(l, 12); d != 3*time.Second {
		t.Errorf("the ramp lasts %v, want 3s", d)
	}
	at := Schedule(l, 12)
	for second, want := range []int{0, 3, 7, 12} { // requests due before it, the one at 0 included
		n := 0
		for _, d := range at {
			if d < time.Duration(second)*time.Second {
				n++
			}
		}
		if n != want {
			t.Errorf("%d requests before %d s, want %d: %v", n, second, want, at)
		}
	}
}

func TestARampDownReachesItsEnd(t *testing.T) {
	t.Parallel()
	if d := Lasts(workload.Load{Shape: workload.Ramp, Rate: 6, To: 2}, 12); d < 2999*time.Millisecond || d > 3001*time.Millisecond {
		t.Errorf("the ramp lasts %v, want 3s", d)
	}
}

// The server answers only when all requests are there: a client that waited for one
// answer before the next request would never end.
func TestLoadIsOpen(t *testing.T) {
	t.Parallel()
	const n = 8
	var arrived atomic.Int32
	all := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if arrived.Add(1) == n {
			close(all)
		}
		<-all
		_, _ = io.Copy(w, r.Body)
	}))
	defer s.Close()
	c := NewClient(s.URL, 0)
	defer c.Close()
	start := time.Now()
	schedule := Schedule(workload.Load{Shape: workload.Constant, Rate: 1000}, n)
	for i, a := range c.Run(t.Context(), start, schedule, func(int) []byte { return []byte("{}") }) {
		if a.Err != nil || a.Status != http.StatusOK {
			t.Fatalf("request %d: %+v", i, a)
		}
		if !a.Intended.Equal(start.Add(schedule[i])) || a.Sent.Before(a.Intended) || a.FirstByte.Before(a.Sent) || a.Done.Before(a.FirstByte) {
			t.Errorf("request %d has its times out of order: %+v", i, a)
		}
	}
}

func TestTheClientGivesUpAtItsDeadline(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	c := NewClient(s.URL, 20*time.Millisecond)
	defer c.Close()
	a := c.Run(t.Context(), time.Now(), []time.Duration{0}, func(int) []byte { return nil })[0]
	if !errors.Is(a.Err, ErrDeadline) || !a.Done.IsZero() || !a.FirstByte.IsZero() {
		t.Errorf("%+v", a)
	}
}

func TestCancellingSendsNoMore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() }))
	defer s.Close()
	c := NewClient(s.URL, 0)
	defer c.Close()
	answers := c.Run(ctx, time.Now(), []time.Duration{0, time.Hour}, func(int) []byte { return nil })
	if !errors.Is(answers[1].Err, context.Canceled) || !answers[1].Sent.IsZero() {
		t.Errorf("%+v", answers[1])
	}
}

func TestUntilIsNeverEarlyAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{-time.Second, 0, 300 * time.Microsecond, 5 * time.Millisecond} {
		moment := time.Now().Add(wait)
		if err := until(t.Context(), moment); err != nil || time.Now().Before(moment) {
			t.Errorf("%v: %v, %v early", wait, err, time.Until(moment))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := until(ctx, time.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := until(ctx, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
