package stream_test

import (
	"testing"

	"github.com/go-offload/lambda/strategies/strategytest"
	"github.com/go-offload/lambda/strategies/stream"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	strategytest.Run(t, strategytest.Harness{
		New: func(*testing.T) strategytest.Subject { return strategytest.Subject{Strategy: stream.New()} },
	})
}
