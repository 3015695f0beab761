package offload

import (
	"context"
	"fmt"
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
	switch found := ctx.Value(acceptorKey{}).(type) {
	case *scope:
		return found.accept(ctx, task, opts)
	case acceptor:
		return found.accept(ctx, task, opts)
	default:
		return ErrNoScope
	}
}

// acceptor is who accepts tasks in a context: the scope of an invocation, or a recorder.
type acceptor interface {
	accept(ctx context.Context, task Task, opts []AfterOption) error
}

// acceptorKey is the context key under which an acceptor is found.
type acceptorKey struct{}

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
		if err := o.applyTo(&set); err != nil {
			return nil, fmt.Errorf("%w (task %q)", err, task.name)
		}
	}
	return &set, nil
}
