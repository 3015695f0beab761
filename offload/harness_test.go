package offload

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// journal keeps the events of tasks.
type journal struct {
	mu   sync.Mutex
	list []Event
}

func (j *journal) Observe(_ context.Context, e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, e)
}

// events gives the events of the tasks of one name, in order; of all tasks for "".
func (j *journal) events(name string) []Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	var of []Event
	for _, e := range j.list {
		if name == "" || e.Task.Name == name {
			of = append(of, e)
		}
	}
	return of
}

// kinds gives the kinds of the events of the tasks of one name.
func (j *journal) kinds(name string) []EventKind {
	var kinds []EventKind
	for _, e := range j.events(name) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// end gives the terminal event of the only task of a name.
func (j *journal) end(t testing.TB, name string) Event {
	t.Helper()
	var ends []Event
	for _, e := range j.events(name) {
		if e.Kind.Terminal() {
			ends = append(ends, e)
		}
	}
	if len(ends) != 1 {
		t.Fatalf("task %q has %d terminal events, want 1: %v", name, len(ends), ends)
	}
	return ends[0]
}

// outbound is a sender that keeps what it is given.
type outbound struct {
	name   string
	limits driver.Limits
	answer func(ctx context.Context, call int, batch []driver.Message) []error // nil: everything is accepted

	mu      sync.Mutex
	batches [][]driver.Message
	at      []time.Time // of each call
}

func (s *outbound) Name() string                           { return s.name }
func (s *outbound) Open(context.Context, driver.Env) error { return nil }
func (s *outbound) Limits() driver.Limits {
	if s.limits.MessageBytes == 0 {
		s.limits.MessageBytes = 256 << 10
	}
	return s.limits
}

func (s *outbound) Send(ctx context.Context, batch []driver.Message) []error {
	s.mu.Lock()
	s.batches = append(s.batches, append([]driver.Message(nil), batch...))
	s.at = append(s.at, time.Now())
	call := len(s.batches)
	s.mu.Unlock()
	if s.answer == nil {
		return nil
	}
	return s.answer(ctx, call, batch)
}

func (s *outbound) calls() [][]driver.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches
}

// open gives an offloader that reports to the journal. Without WithStrategies its
// chain is a keeper that runs the tail at once.
func open(t testing.TB, opts ...Option) (*offloader, *journal) {
	t.Helper()
	events := &journal{}
	base := []Option{
		WithStrategies(inline{}),
		WithObserver(events),
		WithLogger(slog.New(slog.DiscardHandler)),
	}
	o, err := newOffloader(context.Background(), append(base, opts...))
	if err != nil {
		t.Fatal(err)
	}
	return o, events
}

// lambdaTimeout is how long an invocation of these tests has.
const lambdaTimeout = 10 * time.Second

// drive does with a handler what aws-lambda-go does: it derives a context, calls, reads
// the response to its end, closes it, and cancels the context.
func drive(o *offloader, handler handlerFunc) (body string, err error) {
	base := o.opts.base()
	if o.hook != nil {
		base = o.hook
	}
	ctx, cancel := context.WithDeadline(base, time.Now().Add(lambdaTimeout))
	defer cancel()
	r, err := o.invoke(ctx, handler)
	if err != nil {
		return "", err
	}
	read, err := io.ReadAll(r)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	return string(read), err
}

// deferring is a handler that defers tasks and succeeds.
func deferring(t testing.TB, tasks ...Task) handlerFunc {
	t.Helper()
	return func(ctx context.Context) (any, error) {
		for _, task := range tasks {
			if err := After(ctx, task); err != nil {
				t.Errorf("After(%s): %v", task.Name(), err)
			}
		}
		return "ok", nil
	}
}

func nothing(context.Context) error { return nil }
