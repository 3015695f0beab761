package awsclient

import (
	"fmt"

	"github.com/cenkalti/backoff/v4"
)

// Explain says of a failed call what it was for and, by the service's code for the error, what to
// do. The error is marked as permanent if the same call would fail again.
func Explain(call string, err error, help map[string]string) error {
	explained := fmt.Errorf("%s: %w", call, err)
	if what, ok := help[Code(err)]; ok {
		explained = fmt.Errorf("%w; %s", explained, what)
	}
	if IsPermanent(err) {
		return backoff.Permanent(explained)
	}
	return explained
}

// Concurrency is the value of an option of that name, or what it stands for if it is 0.
func Concurrency(option, standard int) (int, error) {
	switch {
	case option == 0:
		return standard, nil
	case option < 0:
		return 0, fmt.Errorf("Options.Concurrency is %d; it must not be negative", option)
	}
	return option, nil
}
