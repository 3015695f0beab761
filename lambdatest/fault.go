package lambdatest

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// Error types of the platform, as they appear in the errorType of a failed invocation and in REPORT lines.
const (
	errTimedOut            = "Sandbox.Timedout"
	errSandboxFailure      = "Sandbox.Failure"
	errRuntimeExit         = "Runtime.ExitError"
	errInvalidEntrypoint   = "Runtime.InvalidEntrypoint"
	errInvalidResponseMode = "Runtime.InvalidResponseModeHeader"
	errTruncatedResponse   = "Runtime.TruncatedResponse"
	errResponseTooLarge    = "Function.ResponseSizeTooLarge"
	errExtensionInit       = "Extension.InitError"
	errExtensionExit       = "Extension.ExitError"
	errExtensionCrash      = "Extension.Crash"
	errExtensionLaunch     = "Extension.LaunchError"
)

// fault is why an invocation or an init failed.
type fault struct {
	errorType string
	// message is what follows "RequestId: <id> Error: ".
	message string
	// payload is the body that the runtime posted itself (init/error); nil for faults that the platform found.
	payload []byte
	timeout bool
	at      time.Time // of a failed init: when it ended
}

// body is the payload that the caller of requestID sees.
func (f *fault) body(requestID string) []byte {
	if f.payload != nil {
		return f.payload
	}
	return errorDocument{ErrorType: f.errorType, ErrorMessage: "RequestId: " + requestID + " Error: " + f.message}.encode()
}

// status is the fault's name in REPORT and INIT_REPORT lines.
func (f *fault) status() string {
	if f.timeout {
		return "timeout"
	}
	return "error"
}

// errorDocument is how Lambda's APIs describe an error.
type errorDocument struct {
	ErrorMessage string `json:"errorMessage"`
	ErrorType    string `json:"errorType"`
}

func (d errorDocument) encode() []byte {
	b, err := json.Marshal(d)
	if err != nil { // a struct of strings marshals
		return []byte(`{}`)
	}
	return b
}

func timeoutFault(limit time.Duration) *fault {
	return &fault{errorType: errTimedOut, message: timeoutText(limit), timeout: true}
}

func timeoutText(limit time.Duration) string {
	return fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())
}

// exitFault describes the end of a runtime process in the words of AWS's platform.
func exitFault(state *os.ProcessState) *fault {
	if state == nil || state.Success() {
		return &fault{errorType: errRuntimeExit, message: "Runtime exited without providing a reason"}
	}
	return &fault{errorType: errRuntimeExit, message: "Runtime exited with error: " + state.String()}
}

var knownErrorType = regexp.MustCompile(`^(Runtime|Function)\.[A-Z][a-zA-Z]+`)

// reportedErrorType classifies the Lambda-Runtime-Function-Error-Type header as AWS's runtime interface does for its
// telemetry: a type outside the two families becomes the family's "Unknown".
func reportedErrorType(header string) string {
	switch {
	case knownErrorType.MatchString(header):
		return header
	case strings.HasPrefix(header, "Function."):
		return "Function.Unknown"
	}
	return "Runtime.Unknown"
}

// FunctionError is a failed invocation: the function reported an error, timed out, or died.
type FunctionError struct {
	RequestID string
	// Type is the error's type as the platform classified it, for example "Sandbox.Timedout".
	Type string
	// Payload is the error document as the caller of Invoke gets it.
	Payload []byte
}

// Error implements error.
func (e *FunctionError) Error() string {
	return fmt.Sprintf("lambdatest: function error %s in request %s: %s", e.Type, e.RequestID, e.Payload)
}
