package lambdatest_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// BenchmarkInvoke sends sequential invocations of an aws-lambda-go echo function through the HTTP front, over one
// keep-alive connection. Every invocation thaws and freezes the process. It reports percentiles of the caller's latency.
func BenchmarkInvoke(b *testing.B) {
	for _, bm := range []struct {
		name string
		fn   lambdatest.Function
	}{
		{"freeze", lambdatest.Function{}},
		{"nofreeze", lambdatest.Function{DisableFreeze: true}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			bm.fn.Package = "./testdata/echo"
			l := lambdatest.Start(b, bm.fn)
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			url := l.Endpoint() + "/2015-03-31/functions/" + l.Name() + "/invocations"
			payload := []byte(`{"order":"4711","lines":[{"sku":"a","n":1},{"sku":"b","n":2}]}`)
			call := func() {
				res, err := client.Post(url, "application/json", bytes.NewReader(payload))
				if err != nil {
					b.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || !bytes.Equal(body, payload) {
					b.Fatalf("%d %s %v", res.StatusCode, body, err)
				}
			}
			call() // the cold start
			latencies := make([]time.Duration, 0, 1<<16)
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				call()
				latencies = append(latencies, time.Since(start))
			}
			slices.Sort(latencies)
			at := func(q float64) float64 {
				return float64(latencies[int(q*float64(len(latencies)-1))]) / float64(time.Millisecond)
			}
			b.ReportMetric(at(0.50), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
			b.ReportMetric(float64(len(latencies))/b.Elapsed().Seconds(), "invocations/s")
			b.ReportMetric(float64(len(l.Environments())), "environments")
		})
	}
}

// BenchmarkInvokeAsync runs events through the queue of a function with two environments.
func BenchmarkInvokeAsync(b *testing.B) {
	l := lambdatest.Start(b, lambdatest.Function{Package: "./testdata/echo", MaxEnvironments: 2})
	payload := []byte(`{"order":"4711","lines":[{"sku":"a","n":1},{"sku":"b","n":2}]}`)
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		if _, err := l.InvokeAsync(b.Context(), payload); err != nil {
			b.Fatal(err)
		}
		if events++; events%1000 == 0 { // the queue is bounded
			if err := l.WaitAsyncIdle(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := l.WaitAsyncIdle(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
