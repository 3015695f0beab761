package deps

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload"
)

// This package links no strategy, as a program does whose author forgot the import.
func TestForgottenImport(t *testing.T) {
	for _, test := range []struct {
		strategy string
		class    error
		says     string
	}{
		{"", offload.ErrConfig, module + "/strategies/extension"},
		{"sqs", offload.ErrUnknownStrategy, module + "/strategies/sqs"},
		{"stream,sqs", offload.ErrUnknownStrategy, module + "/strategies/stream"},
	} {
		t.Setenv("OFFLOAD_STRATEGY", test.strategy)
		_, err := offload.Wrap(func(context.Context) error { return nil })
		if !errors.Is(err, test.class) {
			t.Errorf("OFFLOAD_STRATEGY=%q: %v, want %v", test.strategy, err, test.class)
			continue
		}
		if text := err.Error(); strings.Count(text, "import _") != 1 || !strings.Contains(text, `import _ "`+test.says+`"`) || !strings.Contains(text, "no strategy is linked") {
			t.Errorf("OFFLOAD_STRATEGY=%q: %s: want the import of %s in it, once", test.strategy, text, test.says)
		}
	}
}
