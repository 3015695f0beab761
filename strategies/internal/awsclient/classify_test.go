package awsclient_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// answered is the SDK's error for an answer of that status and code.
func answered(status int, code string) error {
	return &smithy.OperationError{
		ServiceID: "Service", OperationName: "Operation",
		Err: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err:      &smithy.GenericAPIError{Code: code},
		},
	}
}

func TestIsPermanent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":                     {nil, false},
		"refused":                  {answered(400, "ValidationException"), true},
		"not found":                {answered(404, "ResourceNotFoundException"), true},
		"too large":                {answered(413, "RequestTooLargeException"), true},
		"throttled":                {answered(429, "TooManyRequestsException"), false},
		"throttled with a 400":     {answered(400, "Throttling"), false},
		"being updated":            {answered(409, "ResourceConflictException"), false},
		"service":                  {answered(500, "ServiceException"), false},
		"service with any code":    {answered(502, "ValidationException"), false},
		"never built":              {fmt.Errorf("x: %w", smithy.InvalidParamsError{}), true},
		"not serializable":         {&smithy.SerializationError{Err: errors.New("x")}, true},
		"connection refused":       {&smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Err: errors.New("x")}}, false},
		"no such host":             {&smithyhttp.RequestSendError{Err: &net.DNSError{IsNotFound: true}}, false},
		"cancelled":                {&smithy.CanceledError{Err: context.Canceled}, false},
		"deadline":                 {context.DeadlineExceeded, false},
		"unreadable answer":        {&smithy.DeserializationError{Err: errors.New("x")}, false},
		"an entry's sender fault":  {&smithy.GenericAPIError{Code: "InvalidParameterValue"}, false},
		"an answer without a code": {answered(403, ""), true},
	} {
		if got := awsclient.IsPermanent(c.err); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}
