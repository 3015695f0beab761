package offloadhttp

import (
	"log/slog"
	"testing"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // panics of handlers have long records
	leaktest.Main(m)
}
