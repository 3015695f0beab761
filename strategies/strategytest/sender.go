package strategytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

func senderChecks() []namedCheck {
	return []namedCheck{
		{"limits", checkLimits},
		{"full batch", checkFullBatch},
		{"largest message", checkLargest},
		{"forgets the batch", checkForgets},
		{"refusals", checkRefusals},
		{"ended context", checkContext},
		{"concurrent", checkSendsConcurrently},
		{"durable before the response", checkDurable},
	}
}

// sender opens the strategy as package offload does.
func (c *check) sender() (driver.Sender, driver.Limits, *Destination) {
	c.t.Helper()
	subject := c.New(c.t)
	s := subject.Strategy.(driver.Sender)
	if err := s.Open(context.Background(), driver.Env{
		Getenv:         func(key string) string { return subject.Environment[key] },
		Logger:         slog.New(slog.DiscardHandler),
		MaxConcurrency: 1,
	}); err != nil {
		c.t.Fatalf("strategytest: opening the strategy: %v", err)
	}
	limits := s.Limits()
	limits.BatchEntries = max(limits.BatchEntries, 1)
	limits.Concurrency = max(limits.Concurrency, 1)
	return s, limits, subject.Destination
}

// message makes the message of a task. padding is the length of its input.
func (c *check) message(id string, padding int) driver.Message {
	c.t.Helper()
	body, err := (&driver.Envelope{
		ID: id, Source: "urn:offload:conformance", Task: "conformance", Time: time.Unix(1_800_000_000, 0), Hops: 1,
		Data: []byte(`"` + strings.Repeat("x", padding) + `"`),
	}).AppendJSON(nil)
	if err != nil {
		c.t.Fatalf("strategytest: %v", err)
	}
	return driver.Message{ID: id, Task: "conformance", Body: body, Deduplication: id, Hops: 1}
}

func (c *check) messages(prefix string, n int) []driver.Message {
	c.t.Helper()
	batch := make([]driver.Message, n)
	for i := range batch {
		batch[i] = c.message(fmt.Sprintf("%s-%d", prefix, i), 10)
	}
	return batch
}

// bodies are copies, for the suite to compare with when the batch is gone.
func bodies(batch []driver.Message) [][]byte {
	copies := make([][]byte, len(batch))
	for i := range batch {
		copies[i] = bytes.Clone(batch[i].Body)
	}
	return copies
}

// accepted reports what the result says about each message, and whether it can be read.
func (c *check) accepted(results []error, n int) (errs []error, ok bool) {
	switch len(results) {
	case 0:
		return make([]error, n), true
	case n:
		return results, true
	default:
		c.broken(senderReports, "%d results for %d messages", len(results), n)
		return nil, false
	}
}

// send sends a batch that must be accepted, and must have arrived then.
func (c *check) send(s driver.Sender, d *Destination, batch []driver.Message, r rule) bool {
	want := bodies(batch)
	ctx, cancel := context.WithTimeout(context.Background(), c.Patience)
	defer cancel()
	errs, ok := c.accepted(s.Send(ctx, batch), len(batch))
	if !ok {
		return false
	}
	if err := errors.Join(errs...); err != nil {
		c.broken(r, "a batch of %d messages within Limits was refused: %v", len(batch), err)
		return false
	}
	return c.arrived(d, want, senderDelivers)
}

func (c *check) arrived(d *Destination, want [][]byte, r rule) bool {
	got := d.Received()
	for i, body := range want {
		if !slices.ContainsFunc(got, func(b []byte) bool { return bytes.Equal(b, body) }) {
			c.broken(r, "message %d of %d is not among the %d bodies at the destination", i+1, len(want), len(got))
			return false
		}
	}
	return true
}

func checkLimits(c *check) {
	_, l, _ := c.sender()
	if l.MessageBytes <= 0 {
		c.broken(senderLimits, "MessageBytes is %d", l.MessageBytes)
	}
	if l.Overhead < 0 || l.Overhead >= l.MessageBytes {
		c.broken(senderLimits, "Overhead is %d of %d bytes", l.Overhead, l.MessageBytes)
	}
	if l.BatchBytes < 0 || l.MaxDelay < 0 {
		c.broken(senderLimits, "BatchBytes is %d, MaxDelay %v", l.BatchBytes, l.MaxDelay)
	}
	if l.BatchBytes > 0 && l.BatchBytes < l.MessageBytes {
		c.broken(senderLimits, "a message of MessageBytes (%d) is too large for BatchBytes (%d)", l.MessageBytes, l.BatchBytes)
	}
}

func checkFullBatch(c *check) {
	s, limits, d := c.sender()
	// A sender without a limit of its own gets a hundred.
	c.send(s, d, c.messages("batch", min(limits.BatchEntries, 100)), senderTakes)
	c.send(s, d, c.messages("single", 1), senderTakes)
}

func checkLargest(c *check) {
	s, limits, d := c.sender()
	size := min(limits.MessageBytes-limits.Overhead, driver.MaxEnvelopeBytes)
	padding := size - len(c.message("largest", 0).Body)
	if padding < 0 {
		c.broken(senderLimits, "MessageBytes is %d, which no envelope fits into", limits.MessageBytes)
		return
	}
	c.send(s, d, []driver.Message{c.message("largest", padding)}, senderTakes)
}

func checkForgets(c *check) {
	s, limits, d := c.sender()
	batch := c.messages("forgets", min(limits.BatchEntries, 10))
	want, ids := bodies(batch), c.messages("forgets", len(batch))
	if !c.send(s, d, batch, senderTakes) {
		return
	}
	for i := range batch {
		if !bytes.Equal(batch[i].Body, want[i]) || batch[i].ID != ids[i].ID || batch[i].Task != ids[i].Task {
			c.broken(senderForgets, "message %d was changed", i+1)
			return
		}
	}
	for i := range batch {
		for j := range batch[i].Body {
			batch[i].Body[j] = '#'
		}
		batch[i] = driver.Message{}
	}
	c.send(s, d, c.messages("next", 1), senderTakes)
	c.arrived(d, want, senderForgets)
}

func checkRefusals(c *check) {
	for _, permanent := range []bool{false, true} {
		s, limits, d := c.sender()
		if d.Refuse == nil {
			c.t.Skip("the Destination cannot refuse")
		}
		d.Refuse(permanent)
		batch := c.messages("refused", min(limits.BatchEntries, 10))
		ctx, cancel := context.WithTimeout(context.Background(), c.Patience)
		errs, ok := c.accepted(s.Send(ctx, batch), len(batch))
		cancel()
		if !ok {
			continue
		}
		for i, err := range errs {
			var marked *backoff.PermanentError
			switch {
			case err == nil:
				c.broken(senderReports, "message %d was refused by the destination and reported as accepted", i+1)
			case errors.As(err, &marked) != permanent:
				c.broken(senderReports, "message %d: the refusal is permanent: %t, but not the error: %v", i+1, permanent, err)
			}
		}
	}
}

func checkContext(c *check) {
	s, limits, d := c.sender()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	batch := c.messages("late", min(limits.BatchEntries, 10))
	want := bodies(batch)
	returned := make(chan []error, 1)
	go func() { returned <- s.Send(ctx, batch) }()
	timer := time.NewTimer(c.Patience)
	defer timer.Stop()
	select {
	case results := <-returned:
		errs, ok := c.accepted(results, len(batch))
		if !ok {
			return
		}
		for i, err := range errs {
			if err == nil {
				c.arrived(d, want[i:i+1], senderContext)
			}
		}
	case <-timer.C:
		c.broken(senderContext, "Send did not return within %v of the end of its context", c.Patience)
	}
}

func checkSendsConcurrently(c *check) {
	s, limits, d := c.sender()
	n := min(limits.Concurrency, 8)
	var all sync.WaitGroup
	for i := range n {
		batch := c.messages(fmt.Sprint("at-once-", i), 1)
		all.Go(func() { c.send(s, d, batch, senderConcurrent) })
	}
	all.Wait()
}

// conformanceTask is what the handler of the check for sender-8 defers. Nothing runs it.
var conformanceTask = offload.Define("strategytest/conformance", func(context.Context, string) error { return nil })

func checkDurable(c *check) {
	const tasks = 25 // more than one batch of the usual size
	env := c.environment(func(ctx context.Context) (string, error) {
		for i := range tasks {
			if err := offload.After(ctx, conformanceTask.With(fmt.Sprintf("durable-%d-", i))); err != nil {
				c.t.Errorf("strategytest: After: %v", err)
			}
		}
		return "ok", nil
	}, false)
	inv := newInvocation("request-1", invocationTimeout)
	env.sent = func() {
		got := bytes.Join(env.subject.Destination.Received(), []byte("\n"))
		for i := range tasks {
			if !bytes.Contains(got, fmt.Appendf(nil, "durable-%d-", i)) {
				c.broken(senderDurable, "task %d of %d was not at the destination when the response was out", i+1, tasks)
			}
		}
	}
	env.start(inv)
	env.mustFreeze(inv, senderDurable)
}
