package cost

import (
	"fmt"
	"strings"
	"time"
)

// Quotas that decide whether a contestant can carry a workload (Lambda and SQS
// developer guides, quotas pages, 2026).
const (
	maxSyncBytes     = 6 << 20
	maxStreamedBytes = 200 << 20
	maxAsyncBytes    = 1 << 20
	httpAPITimeout   = 30 * time.Second
	restAPITimeout   = 29 * time.Second // the default of a REST API
	maxESMPayload    = 6 << 20
)

// possible returns an error that wraps ErrImpossible if there are obstacles.
func possible(w Workload, c Contestant, clk *clock) error {
	if why := obstacles(w, c, clk); len(why) > 0 {
		return fmt.Errorf("%w: %s: %s", ErrImpossible, c, strings.Join(why, "; "))
	}
	return nil
}

// obstacles returns in words why a contestant cannot carry a normalised
// workload; empty = it can.
func obstacles(w Workload, c Contestant, clk *clock) []string {
	var why []string
	no := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }

	front := frontShape(w, c)
	if d := clk.longest(front.whole); d > w.Function.Timeout {
		no("the function would run for %v, its timeout is %v", round(d), w.Function.Timeout)
	}
	if d, limit := clk.longest(front.before), responseLimit(w, c); limit > 0 && d > limit {
		no("the response would take %v, %s waits %v", round(d), w.Front, limit)
	}
	if w.Tasks > 0 && (c.sends() || c.queues()) {
		if d := clk.longest(workerShape(w, c).whole); d > w.Worker.Timeout {
			no("a worker would run for %v, its timeout is %v", round(d), w.Worker.Timeout)
		}
	}
	if w.Tasks > 0 && (c.sends() || c == ExtensionSQS) && w.TaskBytes > maxMessage {
		no("a task of %d bytes does not fit into 1 MiB", w.TaskBytes)
	}
	if batch := int64(w.Queue.Batch) * w.TaskBytes; c.queues() && batch > maxESMPayload {
		no("a batch of %d bytes does not fit into the 6 MB of a worker's event", batch)
	}
	if c == APIGatewayAsync {
		if w.RequestBytes > maxAsyncBytes {
			no("a request of %d bytes does not fit into the 1 MB of an asynchronous event", w.RequestBytes)
		}
		return why
	}
	if w.RequestBytes > maxSyncBytes {
		no("a request of %d bytes is above Lambda's 6 MB", w.RequestBytes)
	}
	switch limit := int64(maxSyncBytes); {
	case c == StreamResponse && w.Front == HTTPAPI:
		no("an HTTP API cannot stream responses")
	case c == StreamResponse && w.ResponseBytes > maxStreamedBytes:
		no("a response of %d bytes is above the 200 MB of a streamed one", w.ResponseBytes)
	case c != StreamResponse && w.ResponseBytes > limit:
		no("a response of %d bytes is above the 6 MB of a buffered one", w.ResponseBytes)
	}
	return why
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(time.Millisecond)
	}
	return d
}

// responseLimit is how long the front waits for a response; 0 = as long as the
// function may run.
func responseLimit(w Workload, c Contestant) time.Duration {
	switch {
	case c == APIGatewayAsync: // answered before the function starts
		return 0
	case w.Front == HTTPAPI:
		return httpAPITimeout
	case w.Front == RESTAPI && c != StreamResponse:
		return restAPITimeout
	default:
		return 0
	}
}
