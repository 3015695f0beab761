// Package e2e runs whole Lambda functions, built on offload, under a local Lambda that freezes them, and looks at what their callers
// get and at when their tasks run.
package e2e

import (
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// pause is the step of polling loops; each has a deadline.
func pause() { <-time.After(2 * time.Millisecond) }
