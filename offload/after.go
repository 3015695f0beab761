package offload

import (
	"context"
	"fmt"

	"github.com/go-offload/lambda/offload/internal/deferral"
)

// After defers a task of the current invocation: it is accepted now, and done
// after the response is out, by the strategy that was selected. ctx is the
// handler's, or one derived from it; inside a task it is the task's, and the new task
// joins the same tail.
//
// After does no I/O and does not wait for tasks. A nil result means that the task
// is accepted and will end in exactly one terminal [Event]; otherwise the error is
// one of [ErrNoScope], [ErrClosed], [ErrInvalidTask], [ErrInvalidOption], [ErrInput], [ErrTooLarge],
// [ErrClosure], [ErrTooManyTasks] or [ErrTooManyHops], or [ErrHandOver] in a worker that has no
// strategy, and the task will not run.
//
// The task's context has the values of ctx, is not cancelled when the handler
// returns, and ends a margin before the invocation's deadline (see [WithMargin]). What the task
// closes over must be its own: aws-lambda-go reuses the buffer of a raw payload
// for the next event, so lambda.Handler values get a copy from this package.
//
// After is safe for concurrent use.
func After(ctx context.Context, task Task, opts ...AfterOption) error {
	if s, ok := ctx.(*scope); ok {
		return s.accept(ctx, task, opts)
	}
	switch acceptor := ctx.Value(deferral.Key{}).(type) {
	case *scope:
		return acceptor.accept(ctx, task, opts)
	case deferral.Recorder:
		return passToRecorder(ctx, acceptor, task, opts)
	default:
		return ErrNoScope
	}
}

// settingsFor gives the settings of one call: the definition's own where no
// option changes them.
func settingsFor(task Task, opts []AfterOption) (*settings, error) {
	base := &defaultSettings
	if task.def != nil {
		base = &task.def.settings
	}
	if len(opts) == 0 {
		return base, nil
	}
	set := *base
	for _, o := range opts {
		o.applyTo(&set)
	}
	if err := set.validate(); err != nil {
		return nil, fmt.Errorf("After(%q): %w", task.name, err)
	}
	return &set, nil
}

// passToRecorder passes a task to a recorder, after the checks that do not depend on a strategy.
func passToRecorder(ctx context.Context, r deferral.Recorder, task Task, opts []AfterOption) error {
	if err := task.validate(); err != nil {
		return err
	}
	set, err := settingsFor(task, opts)
	if err != nil {
		return err
	}
	id := set.id
	if id == "" {
		id = newScopeID().task(1)
	}
	d := deferral.Deferred{
		ID:            id,
		Name:          task.name,
		Run:           task.recorded(ctx, id),
		Group:         set.group,
		Deduplication: set.deduplication,
		Delay:         set.delay,
		Eager:         set.eager,
		OnlyOnSuccess: set.onlyOnSuccess,
		MaxAttempts:   set.maxAttempts,
		Timeout:       set.timeout,
	}
	if task.def != nil {
		d.Input = task.in
		d.Encode = task.encodeInput
		if _, err := task.encodeInput(); err != nil {
			return err // as any chain with a sender would
		}
	}
	return r.Record(d)
}
