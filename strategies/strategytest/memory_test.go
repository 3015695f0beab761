package strategytest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/strategytest"
)

// inline is a whole keeper: the runtime waits for the tail.
type inline struct{}

func (inline) Name() string                           { return "inline" }
func (inline) Open(context.Context, driver.Env) error { return nil }
func (inline) Keep(tail driver.Tail)                  { tail.Run() }

func TestInlineKeeper(t *testing.T) {
	t.Parallel()
	strategytest.Run(t, strategytest.Harness{
		New: func(*testing.T) strategytest.Subject { return strategytest.Subject{Strategy: inline{}} },
	})
}

// outbox is a whole sender: it keeps messages in memory.
type outbox struct {
	mu     sync.Mutex
	bodies [][]byte
	down   error
}

func (*outbox) Name() string                           { return "outbox" }
func (*outbox) Open(context.Context, driver.Env) error { return nil }

func (*outbox) Limits() driver.Limits {
	return driver.Limits{MessageBytes: 1 << 16, BatchEntries: 7, Concurrency: 3}
}

func (o *outbox) Send(ctx context.Context, batch []driver.Message) []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	results := make([]error, len(batch))
	for i, m := range batch {
		if results[i] = errors.Join(ctx.Err(), o.down); results[i] == nil {
			o.bodies = append(o.bodies, bytes.Clone(m.Body))
		}
	}
	return results
}

func (o *outbox) received() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.bodies)
}

func (o *outbox) refuse(permanent bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down = errors.New("out of order")
	if permanent {
		o.down = backoff.Permanent(o.down)
	}
}

func TestOutboxSender(t *testing.T) {
	t.Parallel()
	strategytest.Run(t, strategytest.Harness{
		New: func(*testing.T) strategytest.Subject {
			o := &outbox{}
			return strategytest.Subject{Strategy: o, Destination: &strategytest.Destination{Received: o.received, Refuse: o.refuse}}
		},
	})
}
