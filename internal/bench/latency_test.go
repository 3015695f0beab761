// Package bench measures what offloading does to the latency that a caller sees,
// under the local Lambda, with the alternatives interleaved in one run.
package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// contestant is one way to run the same handler.
type contestant struct {
	name string
	env  map[string]string
}

// The first is what the others are compared with.
var (
	bare       = contestant{"bare", nil}
	strategies = []contestant{
		bare,
		{"stream", map[string]string{"OFFLOAD_STRATEGY": "stream"}},
		{"extension", map[string]string{"OFFLOAD_STRATEGY": "extension"}},
	}
	// bare-again shows what chance makes of the same thing, and bare-poller what an extension costs that does nothing.
	controlled = append(strategies[:len(strategies):len(strategies)],
		contestant{"bare-again", nil},
		contestant{"bare-poller", map[string]string{"POLL": "1"}},
	)
)

// deploy starts the contestants, each with warm environments.
func deploy(b *testing.B, contestants []contestant, environments int) []*lambdatest.Lambda {
	b.Helper()
	var lambdas []*lambdatest.Lambda
	for _, c := range contestants {
		l := lambdatest.Start(b, lambdatest.Function{
			Name:            c.name,
			Package:         "./testdata/function",
			Env:             c.env,
			Timeout:         30 * time.Second,
			MaxEnvironments: environments,
			Settle:          -1,
		})
		var warm sync.WaitGroup
		for range environments {
			warm.Go(func() {
				if _, err := l.Invoke(b.Context(), []byte(`{"handlerMs":300}`)); err != nil {
					b.Error(err)
				}
			})
		}
		warm.Wait()
		if err := l.WaitIdle(b.Context()); err != nil {
			b.Fatal(err)
		}
		lambdas = append(lambdas, l)
	}
	return lambdas
}

// percentile of a sorted series.
func percentile(d []time.Duration, p float64) time.Duration {
	return d[min(len(d)-1, int(p*float64(len(d))))]
}

// report compares each contestant's series with the first one's.
func report(b *testing.B, contestants []contestant, series [][]time.Duration) {
	b.Helper()
	for i, s := range series {
		slices.Sort(s)
		p50, p99 := percentile(s, 0.50), percentile(s, 0.99)
		b.ReportMetric(float64(p50.Microseconds()), contestants[i].name+"-p50-µs")
		b.ReportMetric(float64(p99.Microseconds()), contestants[i].name+"-p99-µs")
		if i > 0 {
			b.ReportMetric(float64(p50)/float64(percentile(series[0], 0.50)), contestants[i].name+"-p50-ratio")
			b.ReportMetric(float64(p99)/float64(percentile(series[0], 0.99)), contestants[i].name+"-p99-ratio")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// invoke measures one call.
func invoke(ctx context.Context, b *testing.B, l *lambdatest.Lambda, payload []byte) time.Duration {
	b.Helper()
	start := time.Now()
	result, err := l.Invoke(ctx, payload)
	took := time.Since(start)
	if err != nil || result.FunctionError != "" {
		b.Fatalf("%v, %+v", err, result)
	}
	return took
}

// BenchmarkResponse measures the response of a 20 ms handler: alone, and with 5 s of
// deferred work behind it. One iteration is one call of each, after a pause: lambdatest gives an environment
// that was frozen for 100 ms a millisecond to wake, and the bare one would otherwise be the only one that is back sooner.
func BenchmarkResponse(b *testing.B) {
	const environments = 24
	lambdas := deploy(b, strategies, environments)
	series := make([][]time.Duration, len(lambdas))
	payload := []byte(`{"handlerMs":20,"taskMs":5000}`)
	rounds := 0
	for b.Loop() {
		if rounds++; rounds%environments == 0 { // all environments are in their tails
			for _, l := range lambdas {
				if err := l.WaitIdle(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		}
		time.Sleep(150 * time.Millisecond) //nolint:forbidigo // waits for nothing: the pause is part of the load
		for i := range lambdas {
			i = (i + rounds) % len(lambdas)
			series[i] = append(series[i], invoke(b.Context(), b, lambdas[i], payload))
		}
	}
	report(b, strategies, series)
}

// BenchmarkWrapper measures a handler that does nothing and defers nothing, beside two controls. What a
// wrapped handler costs in the process alone is BenchmarkWrapper of package offload.
func BenchmarkWrapper(b *testing.B) {
	lambdas := deploy(b, controlled, 1)
	series := make([][]time.Duration, len(lambdas))
	payload := fmt.Appendf(nil, `{"handlerMs":0,"taskMs":0}`)
	rounds := 0
	for b.Loop() {
		rounds++
		for i := range lambdas {
			i = (i + rounds) % len(lambdas)
			series[i] = append(series[i], invoke(b.Context(), b, lambdas[i], payload))
			if err := lambdas[i].WaitIdle(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	report(b, controlled, series)
}
