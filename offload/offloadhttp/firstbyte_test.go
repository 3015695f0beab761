package offloadhttp_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// BenchmarkFirstByte measures what streaming and deferring gain, under the local Lambda: the handler writes half of its
// answer, takes 50 ms for the other half, and defers a task of 50 ms. first-ms is when the client has the first
// byte, end-ms when it has the last, billed-ms what all of it costs.
func BenchmarkFirstByte(b *testing.B) {
	for _, mode := range []lambdatest.URLMode{lambdatest.Buffered, lambdatest.ResponseStream} {
		for _, strategy := range []string{"stream", "extension"} {
			b.Run(mode.String()+"/"+strategy, func(b *testing.B) {
				l := lambdatest.Start(b, lambdatest.Function{
					Package: "./testdata/function", URLMode: mode, Timeout: 20 * time.Second,
					Env: map[string]string{"START": "http", "OFFLOAD_STRATEGY": strategy, "OFFLOAD_HTTP_INVOKE_MODE": mode.String()},
				})
				transport := &http.Transport{}
				b.Cleanup(transport.CloseIdleConnections)
				client := &http.Client{Transport: transport}
				var first, end time.Duration
				ask := func() {
					begin := time.Now()
					resp, err := client.Get(l.URL() + "slow")
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
						b.Fatal(err)
					}
					first += time.Since(begin)
					if _, err := io.Copy(io.Discard, resp.Body); err != nil {
						b.Fatal(err)
					}
					_ = resp.Body.Close()
					end += time.Since(begin)
					if err := l.WaitIdle(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				ask() // the cold start
				first, end = 0, 0
				for b.Loop() {
					ask()
				}
				var billed time.Duration
				reports := l.Reports()[1:]
				for _, r := range reports {
					billed += r.BilledDuration
				}
				b.ReportMetric(float64(first.Microseconds())/1e3/float64(b.N), "first-ms")
				b.ReportMetric(float64(end.Microseconds())/1e3/float64(b.N), "end-ms")
				b.ReportMetric(float64(billed.Microseconds())/1e3/float64(len(reports)), "billed-ms")
			})
		}
	}
}
