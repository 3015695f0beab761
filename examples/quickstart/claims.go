package main

import (
	"errors"
	"fmt"
)

// The claims compare moments with each other and never with a clock, so they hold on
// a slow machine too.

// checkNaive: the response was early, and the freeze came before the work was done.
func checkNaive(tr trace) error {
	if tr.inTime() == len(tr.tasks) {
		return errors.New("goroutines left behind were done before the freeze; the freeze did not bite")
	}
	if n := tr.unfinished(); n > 0 {
		return fmt.Errorf("%d tasks are not done after %d further requests", n, len(tr.requests)-1)
	}
	return nil
}

// checkInline: the work was done when the response began.
func checkInline(tr trace) error {
	for _, t := range tr.tasks {
		if !t.done() || t.to > tr.requests[0].handler.to {
			return fmt.Errorf("%s was not done before the response", t.name)
		}
	}
	return nil
}

// checkDeferred: first the response, then the work, then the freeze.
func checkDeferred(tr trace) error {
	for _, t := range tr.tasks {
		switch {
		case !t.done():
			return fmt.Errorf("%s was lost", t.name)
		case t.from < tr.requests[0].posted:
			return fmt.Errorf("%s started before the response was out", t.name)
		case !tr.beforeFreeze(t):
			return fmt.Errorf("%s was not done before the freeze", t.name)
		}
	}
	return nil
}
