package extension_test

import (
	"testing"

	"github.com/go-offload/lambda/strategies/extension"
	"github.com/go-offload/lambda/strategies/strategytest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	strategytest.Run(t, strategytest.Harness{
		New: func(*testing.T) strategytest.Subject {
			return strategytest.Subject{Strategy: extension.New(nil)}
		},
		Extension: true,
	})
}
