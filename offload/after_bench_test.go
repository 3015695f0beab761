package offload

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// inline is the stream strategy without its package.
type inline struct{}

func (inline) Name() string                           { return "inline" }
func (inline) Open(context.Context, driver.Env) error { return nil }
func (inline) Keep(tail driver.Tail)                  { tail.RunHere() }

// BenchmarkAfter compares deferring and running n tasks that do nothing with
// starting n goroutines and waiting for them. The unit is one invocation; ns/task
// is what to compare.
func BenchmarkAfter(b *testing.B) {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(time.Hour))
	defer cancel()
	nothing := func(context.Context) error { return nil }

	for _, n := range []int{0, 1, 10, 1000} {
		perTask := func(b *testing.B) {
			b.Helper()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(n, 1)), "ns/task")
		}
		b.Run("offload/"+strconv.Itoa(n), func(b *testing.B) {
			o, err := newOffloader(ctx, []Option{WithStrategies(inline{})})
			if err != nil {
				b.Fatal(err)
			}
			o.loop = func() { b.Error("an empty task kept the goroutine of the loop") }
			b.ReportAllocs()
			for b.Loop() {
				s := o.begin(ctx)
				for range n {
					if err := After(s, Func("nothing", nothing)); err != nil {
						b.Fatal(err)
					}
				}
				s.offerLoop()
				s.keep()
			}
			perTask(b)
		})
		b.Run("goroutines/"+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var wg sync.WaitGroup
				for range n {
					wg.Add(1)
					go func() {
						defer wg.Done()
						_ = nothing(ctx)
					}()
				}
				wg.Wait()
			}
			perTask(b)
		})
	}
}
