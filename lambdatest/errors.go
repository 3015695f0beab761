package lambdatest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Classes of errors, for errors.Is. What Lambda's own API refuses is an *APIError that wraps one of them.
var (
	// ErrClosed is returned by everything after Close, and by invocations that Close cut off.
	ErrClosed = errors.New("lambdatest: closed")
	// ErrBuild is wrapped by Deploy when go build fails; the message holds the compiler's output.
	ErrBuild = errors.New("lambdatest: build failed")
	// ErrUnsupported is returned by New where processes cannot be stopped and continued (Windows).
	ErrUnsupported = errors.New("lambdatest: needs SIGSTOP and SIGCONT, which this operating system does not have")
	// ErrThrottled is TooManyRequestsException, 429: every environment is busy and no further one may be started.
	ErrThrottled = errors.New("lambdatest: throttled")
	// ErrNotFound is ResourceNotFoundException, 404.
	ErrNotFound = errors.New("lambdatest: no such function")
	// ErrTooLarge is RequestTooLargeException, 413.
	ErrTooLarge = errors.New("lambdatest: request too large")
	// ErrInvalidPayload is InvalidRequestContentException, 400: the payload is not JSON.
	ErrInvalidPayload = errors.New("lambdatest: payload is not JSON")
	// ErrInvalidParameter is InvalidParameterValueException, 400.
	ErrInvalidParameter = errors.New("lambdatest: invalid parameter")
	// ErrRecursion is RecursiveInvocationException, 400: the function was invoked more than 16 times in one chain of
	// requests.
	ErrRecursion = errors.New("lambdatest: recursive loop")
	// ErrNotRecorded is returned by WaitReport for a request that cannot have a report any more.
	ErrNotRecorded = errors.New("lambdatest: no report of that request")
)

// APIError is a refusal by Lambda itself, as opposed to a failure of the function, which is a Result with a
// FunctionError. It wraps one of this package's sentinels.
type APIError struct {
	StatusCode int    // HTTP status
	Code       string // the exception, as in the x-amzn-ErrorType header
	Message    string
	Reason     string // of a throttle, else empty
	kind       error
}

// Error implements error.
func (e *APIError) Error() string { return fmt.Sprintf("%v: %s: %s", e.kind, e.Code, e.Message) }

// Unwrap returns the sentinel of the class.
func (e *APIError) Unwrap() error { return e.kind }

// body is the JSON document that AWS's SDKs decode. Lambda's models spell the message member differently: "Message"
// for some exceptions, "message" for others; the SDKs read either.
func (e *APIError) body() []byte {
	doc := map[string]string{"Type": "User", "message": e.Message, "Message": e.Message}
	if e.StatusCode >= http.StatusInternalServerError {
		doc["Type"] = "Service"
	}
	if e.Reason != "" {
		doc["Reason"] = e.Reason
	}
	b, err := json.Marshal(doc)
	if err != nil { // a map of strings marshals
		return []byte(`{}`)
	}
	return b
}

func throttled() *APIError {
	return &APIError{
		StatusCode: http.StatusTooManyRequests, Code: "TooManyRequestsException", Message: "Rate Exceeded.",
		Reason: "ReservedFunctionConcurrentInvocationLimitExceeded", kind: ErrThrottled,
	}
}

func notFound(arn string) *APIError {
	return &APIError{
		StatusCode: http.StatusNotFound, Code: "ResourceNotFoundException",
		Message: "Function not found: " + arn, kind: ErrNotFound,
	}
}

func requestTooLarge() *APIError {
	return &APIError{
		StatusCode: http.StatusRequestEntityTooLarge, Code: "RequestTooLargeException",
		Message: fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", MaxPayload), kind: ErrTooLarge,
	}
}

// eventTooLarge has the code and the words that callers of the real service report; the API's model has
// RequestTooLargeException only.
func eventTooLarge(size int) *APIError {
	return &APIError{
		StatusCode: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException",
		Message: fmt.Sprintf("%d byte payload is too large for the Event invocation type (limit %d bytes)", size, MaxAsyncPayload), kind: ErrTooLarge,
	}
}

func recursiveLoop() *APIError {
	return &APIError{
		StatusCode: http.StatusBadRequest, Code: "RecursiveInvocationException",
		Message: "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services " +
			"resources and stopped your function's invocation.", kind: ErrRecursion,
	}
}

func invalidPayload(cause error) *APIError {
	return &APIError{
		StatusCode: http.StatusBadRequest, Code: "InvalidRequestContentException",
		Message: "Could not parse request body into json: " + cause.Error(), kind: ErrInvalidPayload,
	}
}

func invalidParameter(format string, args ...any) *APIError {
	return &APIError{
		StatusCode: http.StatusBadRequest, Code: "InvalidParameterValueException",
		Message: fmt.Sprintf(format, args...), kind: ErrInvalidParameter,
	}
}

// asAPIError turns any error of the invocation path into one that the HTTP front can send.
func asAPIError(err error) *APIError {
	if api := (*APIError)(nil); errors.As(err, &api) {
		return api
	}
	return &APIError{StatusCode: http.StatusInternalServerError, Code: "ServiceException", Message: err.Error(), kind: err}
}
