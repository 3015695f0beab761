package offload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

var propertyTask = Define("property/task", func(ctx context.Context, seed uint64) error {
	return ctx.Value(contextKey("mix")).(behaver).behave(ctx, rand.New(rand.NewPCG(seed, 1)))
})

type behaver interface {
	behave(ctx context.Context, rng *rand.Rand) error
}

// mix defers tasks that behave in every way there is, and counts what was accepted.
type mix struct {
	mu       sync.Mutex
	rng      *rand.Rand
	accepted int
	ran      map[string]int // attempts by task ID
}

// deferOne calls After for a random task.
func (m *mix) deferOne(ctx context.Context) {
	m.mu.Lock()
	seed, closure, eager, only := m.rng.Uint64(), m.rng.IntN(2) == 0, m.rng.IntN(5) == 0, m.rng.IntN(5) == 0
	m.mu.Unlock()
	task := propertyTask.With(seed)
	if closure {
		task = Func("property/closure", func(ctx context.Context) error {
			return m.behave(ctx, rand.New(rand.NewPCG(seed, 1)))
		})
	}
	opts := []AfterOption{Backoff(time.Millisecond, time.Second)}
	if eager {
		opts = append(opts, Eager())
	}
	if only {
		opts = append(opts, OnlyOnSuccess())
	}
	if err := After(ctx, task, opts...); err == nil {
		m.mu.Lock()
		m.accepted++
		m.mu.Unlock()
	}
}

// behave does one of the things that tasks do.
func (m *mix) behave(ctx context.Context, rng *rand.Rand) error {
	info, _ := TaskFromContext(ctx)
	m.mu.Lock()
	m.ran[info.ID]++
	first := m.ran[info.ID] == 1
	m.mu.Unlock()
	switch rng.IntN(12) {
	case 0:
		return errTask
	case 1:
		return backoff.Permanent(errTask)
	case 2:
		panic("property")
	case 3:
		runtime.Goexit()
	case 4:
		if first {
			return errTask
		}
	case 5:
		m.deferOne(ctx)
	case 6: // from a goroutine, perhaps after the task
		go func() {
			wait(context.Background(), 10*time.Millisecond)
			m.deferOne(ctx)
		}()
	case 7:
		return wait(ctx, time.Duration(rng.IntN(int(lambdaTimeout))))
	case 8: // ignores its context for a while
		<-time.After(time.Duration(rng.IntN(int(2 * lambdaTimeout))))
	default:
		return wait(ctx, time.Duration(rng.IntN(int(time.Millisecond))))
	}
	return nil
}

// Every accepted task has one Accepted event and then exactly one terminal event, which
// is its last, whatever tasks, handler, senders and environment do.
func TestExactlyOneTerminalEvent(t *testing.T) {
	t.Parallel()
	flaky := func(seed uint64, name string) *outbound {
		rng := rand.New(rand.NewPCG(seed, uint64(len(name))))
		var mu sync.Mutex
		return &outbound{name: name, limits: driver.Limits{BatchEntries: 3, Concurrency: 2}, answer: func(_ context.Context, _ int, batch []driver.Message) []error {
			mu.Lock()
			defer mu.Unlock()
			errs := make([]error, len(batch))
			for i := range errs {
				switch rng.IntN(6) {
				case 0:
					errs[i] = errSend
				case 1:
					errs[i] = backoff.Permanent(errSend)
				}
			}
			return errs
		}}
	}
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 0))
				m := &mix{rng: rand.New(rand.NewPCG(seed, 3)), ran: map[string]int{}}
				chain := [][]driver.Strategy{
					{inline{}},
					{inline{}, flaky(seed, "out")},
					{flaky(seed, "out"), inline{}},
					{inline{}, flaky(seed, "first"), flaky(seed, "second")},
					{forgetful{}, flaky(seed, "out")},
					{flaky(seed, "out"), forgetful{}},
				}[rng.IntN(6)]
				o, events := open(t,
					WithStrategies(chain...),
					WithConcurrency(1+rng.IntN(8)),
					WithHandOff(HandOffBefore+HandOff(rng.IntN(2))),
					WithMaxTasks(40),
					WithBaseContext(context.WithValue(context.Background(), contextKey("mix"), m)),
				)
				if rng.IntN(2) == 0 {
					o.hook = newCancelHook(o.opts.base(), nil)
				}
				handler := func(n, outcome int) handlerFunc {
					return func(ctx context.Context) (any, error) {
						for range n {
							m.deferOne(ctx)
						}
						switch outcome {
						case 0:
							return nil, errTask
						case 1:
							panic("handler")
						case 2:
							return &failingReader{}, nil
						}
						return "ok", nil
					}
				}
				if rng.IntN(4) == 0 {
					at := time.Duration(rng.IntN(int(lambdaTimeout)))
					go func() {
						<-time.After(at)
						o.shutdown()
					}()
				}
				for range 3 {
					call := handler(rng.IntN(20), rng.IntN(8))
					// A task may end the goroutine of the loop, a handler panic.
					var loop sync.WaitGroup
					loop.Go(func() {
						defer func() { _ = recover() }()
						_, _ = drive(o, call)
					})
					loop.Wait()
				}
				<-time.After(3 * lambdaTimeout) // everything that ignored its context has returned
				o.settleMissed()
				synctest.Wait()

				life := map[string][]EventKind{}
				for _, e := range events.events("") {
					life[e.Task.ID] = append(life[e.Task.ID], e.Kind)
				}
				m.mu.Lock()
				defer m.mu.Unlock()
				for id, kinds := range life {
					ends := 0
					for _, k := range kinds {
						if k.Terminal() {
							ends++
						}
					}
					if ends != 1 || kinds[0] != Accepted || slices.Contains(kinds[1:], Accepted) {
						t.Errorf("chain %v: task %s: %v", names(chain), id, kinds)
					}
				}
				// A task that came as its scope was closing is refused after its Accepted event.
				if len(life) < m.accepted {
					t.Errorf("%d tasks were accepted, %d have events", m.accepted, len(life))
				}
				for id := range m.ran {
					if len(life[id]) == 0 {
						t.Errorf("task %s ran without an event", id)
					}
				}
			})
		})
	}
}

func names(chain []driver.Strategy) (names []string) {
	for _, s := range chain {
		names = append(names, s.Name())
	}
	return names
}

// failingReader is a response that breaks off.
type failingReader struct{}

var errRead = errors.New("the body breaks off")

func (*failingReader) Read(p []byte) (int, error) { return copy(p, "half"), errRead }

var _ io.Reader = (*failingReader)(nil)
