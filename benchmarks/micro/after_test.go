package micro

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"github.com/go-offload/lambda/offload"
)

// atOnce is the size of the pools: what offload runs at once by default.
const atOnce = offload.DefaultConcurrency

func nothing(context.Context) error { return nil }

// way runs n tasks and returns when all are done.
type way struct {
	name string
	make func(b *testing.B) (run func(ctx context.Context, n int) error)
}

var ways = []way{
	{"offload", func(b *testing.B) func(context.Context, int) error {
		b.Helper()
		p, err := offload.NewProcess()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := p.Shutdown(context.Background()); err != nil {
				b.Error(err)
			}
		})
		return func(ctx context.Context, n int) error {
			tail, err := p.Do(ctx, func(ctx context.Context) error {
				for range n {
					if err := offload.After(ctx, offload.Func("nothing", nothing)); err != nil {
						return err
					}
				}
				return nil
			})
			tail()
			return err
		}
	}},
	{"waitgroup", func(*testing.B) func(context.Context, int) error {
		return func(ctx context.Context, n int) error {
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() { _ = nothing(ctx) })
			}
			wg.Wait()
			return nil
		}
	}},
	{"errgroup", func(*testing.B) func(context.Context, int) error {
		return func(ctx context.Context, n int) error {
			group, ctx := errgroup.WithContext(ctx)
			group.SetLimit(atOnce)
			for range n {
				group.Go(func() error { return nothing(ctx) })
			}
			return group.Wait()
		}
	}},
	{"ants", func(b *testing.B) func(context.Context, int) error {
		b.Helper()
		p, err := ants.NewPool(atOnce)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(p.Release)
		return func(ctx context.Context, n int) error {
			var wg sync.WaitGroup
			wg.Add(n)
			for range n {
				if err := p.Submit(func() { defer wg.Done(); _ = nothing(ctx) }); err != nil {
					return err
				}
			}
			wg.Wait()
			return nil
		}
	}},
	{"pond", func(b *testing.B) func(context.Context, int) error {
		b.Helper()
		p := pond.NewPool(atOnce)
		b.Cleanup(p.StopAndWait)
		return func(ctx context.Context, n int) error {
			group := p.NewGroup()
			for range n {
				group.SubmitErr(func() error { return nothing(ctx) })
			}
			return group.Wait()
		}
	}},
	{"conc", func(*testing.B) func(context.Context, int) error {
		return func(ctx context.Context, n int) error {
			p := pool.New().WithMaxGoroutines(atOnce).WithErrors()
			for range n {
				p.Go(func() error { return nothing(ctx) })
			}
			return p.Wait()
		}
	}},
}

func BenchmarkTasks(b *testing.B) {
	// A deadline, as every invocation has one.
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for _, n := range []int{1, 10, 1000} {
		for _, w := range ways {
			b.Run("n="+strconv.Itoa(n)+"/way="+w.name, func(b *testing.B) {
				run := w.make(b)
				b.ReportAllocs()
				for b.Loop() {
					if err := run(ctx, n); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
			})
		}
	}
}
