package awsclient_test

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	help := map[string]string{"AccessDenied": "ask for it"}
	for _, c := range []struct {
		err       error
		permanent bool
		want      string
	}{
		{smithy.InvalidParamsError{Context: "input"}, true, "call: 0 validation error(s) found.\n"},
		{&smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}, false, "call: api error AccessDenied: no; ask for it"},
		{&smithy.GenericAPIError{Code: "Other", Message: "no"}, false, "call: api error Other: no"},
	} {
		err := awsclient.Explain("call", c.err, help)
		var permanent *backoff.PermanentError
		if errors.As(err, &permanent) != c.permanent || err.Error() != c.want || errors.Unwrap(err) == nil {
			t.Errorf("%v: %q, permanent: %t", c.err, err, permanent != nil)
		}
	}
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	for option, want := range map[int]int{0: 10, 1: 1, 500: 500} {
		if got, err := awsclient.Concurrency(option, 10); got != want || err != nil {
			t.Errorf("Concurrency(%d) = %d, %v", option, got, err)
		}
	}
	if _, err := awsclient.Concurrency(-1, 10); err == nil {
		t.Error("a negative number is accepted")
	}
}
