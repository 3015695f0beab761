package strategytest_test

import (
	"context"
	"testing"

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
