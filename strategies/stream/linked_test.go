package stream_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload"
)

// The only strategy that is linked needs no configuration.
func TestTheOnlyOneLinked(t *testing.T) {
	handler := func(context.Context) error { return nil }
	t.Setenv("OFFLOAD_STRATEGY", "")
	if _, err := offload.Wrap(handler); err != nil {
		t.Errorf("nothing is selected, and stream is all there is: %v", err)
	}
	t.Setenv("OFFLOAD_STRATEGY", "extension")
	_, err := offload.Wrap(handler)
	if !errors.Is(err, offload.ErrUnknownStrategy) || !strings.Contains(err.Error(), "linked into this program: stream (") {
		t.Errorf("selecting what is not linked: %v", err)
	}
}
