package cost

import (
	"errors"
	"fmt"
)

// Errors for errors.Is. Messages of the returned errors name the field, the
// value and what would be accepted.
var (
	// ErrWorkload is a workload that makes no sense: a negative duration, memory
	// outside 128 to 10,240 MB, a share above 1.
	ErrWorkload = errors.New("cost: invalid workload")

	// ErrPrices is price data that is incomplete or malformed.
	ErrPrices = errors.New("cost: invalid prices")

	// ErrContestant is a name that is not one of Contestants.
	ErrContestant = errors.New("cost: unknown contestant")

	// ErrImpossible is a workload that the contestant cannot carry on AWS: a
	// payload above a quota, a task longer than the timeout.
	ErrImpossible = errors.New("cost: not possible on Lambda")

	// ErrRange is a range of BreakEven that is empty or leaves the limits of the
	// parameter.
	ErrRange = errors.New("cost: invalid range")

	// ErrNoneMeets is a set of needs that no contestant meets. The Advice
	// returned with it says why for each one.
	ErrNoneMeets = errors.New("cost: no contestant meets the needs")
)

func workloadErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrWorkload, fmt.Sprintf(format, args...))
}
