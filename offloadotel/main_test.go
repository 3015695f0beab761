package offloadotel_test

import (
	"testing"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
