package run

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/go-offload/lambda/internal/leaktest"
)

// TestMain is the program too: run starts itself for every pass.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == PassCommand {
		if err := PassMain(context.Background(), os.Args[2:], os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, "benchmarks pass:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	leaktest.Main(m)
}
