package offload

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
)

// Workers go along one list, which grows meanwhile: each task is run by one of them, once, and none is passed over
// because its worker ended.
func TestEveryTaskIsRunByOneWorker(t *testing.T) {
	t.Parallel()
	const tasks, rounds = 120, 20
	eagerly := func(yes bool) (opts []AfterOption) {
		if yes {
			opts = append(opts, Eager())
		}
		return opts
	}
	o, events := open(t, WithConcurrency(8))
	for range rounds {
		var runs [2 * tasks]atomic.Int32
		_, _ = drive(o, func(ctx context.Context) (any, error) {
			for i := range tasks {
				err := After(ctx, Func("task", func(ctx context.Context) error {
					runs[i].Add(1)
					runtime.Gosched()
					err := After(ctx, Func("nested", func(context.Context) error {
						runs[tasks+i].Add(1)
						return nil
					}), eagerly(i%3 == 0)...)
					if i%10 == 0 {
						runtime.Goexit()
					}
					return err
				}), eagerly(i%2 == 0)...)
				if err != nil {
					t.Error(err)
				}
			}
			return nil, nil
		})
		for i := range runs {
			if n := runs[i].Load(); n != 1 {
				t.Fatalf("task %d of %d ran %d times", i, len(runs), n)
			}
		}
	}
	ends := map[EventKind]int{}
	for _, e := range events.events("") {
		if e.Kind.Terminal() {
			ends[e.Kind]++
		}
	}
	if want := rounds * tasks / 10; ends[Failed] != want || ends[Done] != rounds*2*tasks-want {
		t.Errorf("%v, want %d failed and the rest done", ends, want)
	}
}
