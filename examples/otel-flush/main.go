// Program otel-flush shows what becomes of spans when Lambda freezes a function: one that leaves them to the
// batch processor, one that flushes in the handler, and one that flushes in the tail.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	orders        = 3
	spansPerOrder = 3 // handler, task, mail
)

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("otel-flush", flag.ContinueOnError)
	flags.SetOutput(out)
	strategy := flags.String("strategy", "extension", "OFFLOAD_STRATEGY of the function")
	serve := flags.Bool("serve", false, "leave the function URL open and print each span that arrives")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *serve {
		return serveURL(ctx, out, *strategy)
	}
	_, _ = fmt.Fprintf(out, "%d orders, %d spans each, a collector that takes %v\n\n", orders, spansPerOrder, exportTime)
	_, _ = fmt.Fprintf(out, "  %-38s %12s %18s %6s\n", "", "response", "at each freeze", "lost")
	for _, c := range []struct{ flush, what string }{
		{"never", "left to the batch processor"},
		{"handler", "flushed by otellambda, in the handler"},
		{"tail", "flushed by offloadotel, in the tail"},
	} {
		r, err := measure(ctx, *strategy, c.flush)
		if err != nil {
			return fmt.Errorf("FLUSH=%s: %w", c.flush, err)
		}
		_, _ = fmt.Fprintf(out, "  %-38s %9d ms %18s %6d\n", c.what, r.response.Milliseconds(), r.frozen(), r.lost)
	}
	return nil
}

// result is what became of the spans of one function.
type result struct {
	response time.Duration // of the slowest order but the first, which starts the function
	atFreeze []int         // spans at the collector when the environment was frozen after each order
	lost     int           // spans that never came
}

func (r result) frozen() string {
	var parts []string
	for i, n := range r.atFreeze {
		parts = append(parts, fmt.Sprintf("%d/%d", n, (i+1)*spansPerOrder))
	}
	return strings.Join(parts, " ")
}

// measure sends orders to a function, and then lets its environment die, as Lambda does with idle ones sooner or later.
func measure(ctx context.Context, strategy, flush string) (result, error) {
	spans := newCollector()
	defer spans.Close()
	service, l, err := deploy(ctx, strategy, flush, spans)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = service.Close() }()
	var r result
	for i := range orders {
		took, err := place(ctx, l.URL(), fmt.Sprintf("A-%d", i))
		if err != nil {
			return r, fmt.Errorf("%w\n%s", err, l.LogText())
		}
		if i > 0 {
			r.response = max(r.response, took)
		}
		if err := l.WaitIdle(ctx); err != nil { // frozen
			return r, err
		}
		r.atFreeze = append(r.atFreeze, spans.count())
	}
	l.Kill()
	r.lost = orders*spansPerOrder - spans.count()
	return r, nil
}

func deploy(ctx context.Context, strategy, flush string, spans *spanCollector) (*lambdatest.Service, *lambdatest.Lambda, error) {
	service, err := lambdatest.New(nil)
	if err != nil {
		return nil, nil, err
	}
	l, err := service.Deploy(ctx, lambdatest.Function{
		Name:    "order",
		Package: "github.com/go-offload/lambda/examples/otel-flush/function",
		Timeout: 10 * time.Second,
		Env: map[string]string{
			"OFFLOAD_STRATEGY":            strategy,
			"FLUSH":                       flush,
			"OTEL_EXPORTER_OTLP_ENDPOINT": spans.URL,
			// The batch processor's timer is 5 s by default; on a slow machine it could run out while the
			// environment is awake, and blur the picture.
			"OTEL_BSP_SCHEDULE_DELAY": "60000",
		},
	})
	if err != nil {
		_ = service.Close()
		return nil, nil, err
	}
	return service, l, nil
}

// place sends an order and tells how long the answer took.
func place(ctx context.Context, url, id string) (time.Duration, error) {
	begin := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(id))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
	req.Close = true                                                    // nothing is left open when the function is gone
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(res.Body)
	took := time.Since(begin)
	if err == nil && (res.StatusCode != http.StatusCreated || string(body) != "order "+id+" accepted\n") {
		err = fmt.Errorf("order %s: %s: %s", id, res.Status, body)
	}
	return took, err
}

// serveURL leaves a function open until ctx ends.
func serveURL(ctx context.Context, out io.Writer, strategy string) error {
	spans := newCollector()
	defer spans.Close()
	service, l, err := deploy(ctx, strategy, "tail", spans)
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	_, _ = fmt.Fprintf(out, "curl -i %s -d A-1042\n", l.URL())
	printed := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(20 * time.Millisecond):
		}
		spans.mu.Lock()
		for ; printed < len(spans.names); printed++ {
			_, _ = fmt.Fprintln(out, "span", spans.names[printed])
		}
		spans.mu.Unlock()
	}
}
