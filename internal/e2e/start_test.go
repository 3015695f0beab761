package e2e

import (
	"encoding/json"
	"testing"
)

// A configuration that cannot be used is an init error, which the caller sees and which says what to do.
func TestUnknownStrategy(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string][]string{
		"sqs":           {`unknown strategy: "sqs" in OFFLOAD_STRATEGY="sqs"`, "linked into this program: extension, stream", `import _ "github.com/go-offload/lambda/strategies/sqs"`},
		"stream,strem":  {`unknown strategy: "strem"`, "linked into this program: extension, stream"},
		"":              {"no strategy is selected: set OFFLOAD_STRATEGY", "linked into this program: extension, stream"},
		"stream,":       {"empty name"},
		"stream,stream": {"twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, config{strategy: name})
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
		})
	}
}
