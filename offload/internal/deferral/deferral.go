// Package deferral is the seam between offload.After and a recorder, which accepts tasks in the place of
// an invocation in a unit test.
package deferral

import (
	"context"
	"time"
)

// Recorder accepts tasks in the place of an invocation.
type Recorder interface {
	Record(Deferred) error
}

// Deferred is a task as a Recorder sees it.
type Deferred struct {
	ID            string
	Name          string
	Input         any                         // what With was given; nil for a closure
	Encode        func() ([]byte, error)      // the input as JSON; nil for a closure
	Run           func(context.Context) error // one attempt, with the values of After's ctx; a panic is its error
	Group         string
	Deduplication string
	Delay         time.Duration
	Eager         bool
	OnlyOnSuccess bool
	MaxAttempts   int
	Timeout       time.Duration // of one attempt; 0: none
}
