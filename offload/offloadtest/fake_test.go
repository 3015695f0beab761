package offloadtest_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadtest"
)

type receipt struct {
	Order string `json:"order"`
	note  string // does not survive JSON
}

var (
	sendReceipt = offload.Define("send-receipt", func(context.Context, receipt) error { return nil }, offload.MaxAttempts(7))
	audit       = offload.Define("audit", func(context.Context, any) error { return nil })
)

// fakeTB is a test that may fail without failing the one that looks at it.
type fakeTB struct {
	failure  string
	cleanups []func()
}

func (f *fakeTB) Helper()              {}
func (f *fakeTB) Cleanup(clean func()) { f.cleanups = append(f.cleanups, clean) }

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// during runs code of a test as testing does: Fatalf ends its goroutine.
func (f *fakeTB) during(code func()) {
	var done sync.WaitGroup
	done.Go(code)
	done.Wait()
}

// after defers tasks that must be accepted.
func after(tb testing.TB, ctx context.Context, tasks ...offload.Task) {
	tb.Helper()
	for _, task := range tasks {
		if err := offload.After(ctx, task); err != nil {
			tb.Fatal(err)
		}
	}
}

var (
	_ offloadtest.TB = (*testing.T)(nil)
	_ offloadtest.TB = (*testing.B)(nil)
	_ offloadtest.TB = (*testing.F)(nil)
)
