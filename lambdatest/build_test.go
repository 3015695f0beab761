package lambdatest_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// Somebody who gives up a build does not spoil it for those who wait for the same.
func TestBuildGivenUp(t *testing.T) {
	t.Parallel()
	args := []string{"-ldflags", "-X main.unused=" + t.TempDir()} // not built yet
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for _, ctx := range []context.Context{gone, t.Context(), gone, t.Context()} {
		wg.Go(func() {
			_, err := lambdatest.Build(ctx, ".", "./testdata/absent", args...)
			if !errors.Is(err, lambdatest.ErrBuild) || ctx.Err() == nil && errors.Is(err, context.Canceled) {
				t.Errorf("%v (context: %v)", err, ctx.Err())
			}
		})
	}
	wg.Wait()
	if _, err := lambdatest.Build(t.Context(), "testdata/echo", "."); err != nil {
		t.Error(err)
	}
}
