package awsclient

import (
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// IsPermanent reports that the same call would fail again: the service refused it, or
// it could not even be built. Throttling, errors of the service, clock skew, and
// everything between here and there pass.
func IsPermanent(err error) bool {
	if retryable.IsErrorRetryable(err) == aws.TrueTernary || IsThrottle(err) {
		return false
	}
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		status := response.HTTPStatusCode()
		return status >= 300 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
	}
	var params smithy.InvalidParamsError
	var serialization *smithy.SerializationError
	return errors.As(err, &params) || errors.As(err, &serialization)
}

// IsThrottle reports that the service asks for fewer requests, or says that it is
// busy with what it will be done with soon.
func IsThrottle(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "KmsThrottled", "KMS.ThrottlingException", // SQS, Lambda: the key's request quota
		"ResourceConflictException": // Lambda: "another operation is in progress"
		return true
	}
	_, throttle := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return throttle
}

// retryable is what the SDK itself would try again.
var retryable = retry.IsErrorRetryables(retry.DefaultRetryables)

// Code is the service's name for an error, or empty.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
