package e2e

import (
	"encoding/json"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// A configuration that cannot be used is an init error, which the caller sees and which says what to do.
func TestUnknownStrategy(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string][]string{
		"stream,strem":  {`unknown strategy: "strem" in OFFLOAD_STRATEGY="stream,strem"`, "linked into this program: extension, invoke, sqs, stream"},
		"":              {"no strategy is selected: set OFFLOAD_STRATEGY", "linked into this program: extension, invoke, sqs, stream"},
		"stream,":       {"empty name"},
		"stream,stream": {"twice"},
		"sqs":           {"OFFLOAD_SQS_QUEUE_URL is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, config{strategy: name}, wanted...)
		})
	}
}

// A strategy that is not linked is named with its import.
func TestUnlinkedStrategy(t *testing.T) {
	t.Parallel()
	refused(t, config{strategy: "extension,sqs", Function: lambdatest.Function{Package: "../deps/testdata/extension"}},
		`unknown strategy: "sqs"`, "linked into this program: extension", `import _ "github.com/go-offload/lambda/strategies/sqs"`)
}

func refused(t *testing.T, c config, wanted ...string) {
	t.Helper()
	f := start(t, c)
	res := f.call(t, event{})
	var failure struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(res.Payload, &failure); err != nil {
		t.Fatalf("%v in %s", err, res.Payload)
	}
	if failure.ErrorType != "Runtime.OffloadConfiguration" {
		t.Errorf("error type %q", failure.ErrorType)
	}
	contains(t, failure.ErrorMessage, wanted...)
	contains(t, f.LogText(), wanted...)
}
