package offload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

const (
	// DefaultRedeliveryInterval is the mean wait before a failed message of a queue is
	// delivered a second time. It doubles from delivery to delivery; each wait is drawn between
	// zero and twice the mean. With the least maxReceiveCount that AWS recommends, five, a task is
	// tried for four minutes on average.
	DefaultRedeliveryInterval = 15 * time.Second

	// DefaultRedeliveryLimit is the largest mean wait.
	DefaultRedeliveryLimit = 15 * time.Minute

	// maxRedelivery stays below the 12 hours for which SQS can hide a message, counted from its
	// receipt, which was some time ago (Amazon SQS API Reference, ChangeMessageVisibility).
	maxRedelivery = 11 * time.Hour

	// extendAfter is how long a batch runs before its messages are kept hidden. Most batches
	// are done by then and cost no request.
	extendAfter = 10 * time.Second

	// extendBeyond is how long after the invocation's deadline messages stay hidden: Lambda deletes
	// those that are done when it has the answer. It is what Lambda itself adds to batching window and
	// function timeout where a queue's visibility timeout is too short.
	extendBeyond = 30 * time.Second

	// visibilityTime bounds a call: the answer to the queue waits for it.
	visibilityTime = 2 * time.Second
)

// WithRedelivery sets the mean wait before a task that failed in a worker is delivered a
// second time by its queue, and the largest mean wait; in between it doubles with each
// delivery. The defaults are [DefaultRedeliveryInterval] and [DefaultRedeliveryLimit]. Zero
// for both leaves it to the queue's visibility timeout. An error marked with backoff.Permanent is
// not waited for: the message is delivered at once, until its queue moves it to the dead-letter queue.
//
// It takes a strategy of the chain that can tell the queue, which sqs can, and in the
// worker's role the permission sqs:ChangeMessageVisibility. Without them the
// visibility timeout holds, and a missing permission is logged once.
func WithRedelivery(initial, limit time.Duration) Option {
	return func(o *options) { o.remote().redelivery = &redelivery{initial, limit} }
}

// redelivery is when a queue delivers a failed message again.
type redelivery struct{ initial, limit time.Duration }

func (r *remote) completeRedelivery() error {
	if r.redelivery == nil {
		r.redelivery = &redelivery{DefaultRedeliveryInterval, DefaultRedeliveryLimit}
	}
	policy := *r.redelivery
	if off := policy == (redelivery{}); !off && (policy.initial <= 0 || policy.limit < policy.initial || policy.limit > maxRedelivery/2) {
		return fmt.Errorf("%w: WithRedelivery(%v, %v): the first must be positive and not above the second, the second at most %v", ErrConfig, policy.initial, policy.limit, maxRedelivery/2)
	}
	return nil
}

// after draws the wait after the given number of deliveries.
func (r redelivery) after(receives int) time.Duration {
	mean := r.initial
	for ; receives > 1 && mean < r.limit; receives-- {
		mean *= 2
	}
	return rand.N(2*min(mean, r.limit) + 1)
}

// visibility tells queues when to deliver messages again. It is nil where no strategy
// of the chain can.
type visibility struct {
	changer driver.VisibilityChanger
	log     *slog.Logger
	refused atomic.Bool // the queue will not be told in this process
}

// change returns when the queues know, or cannot be told.
func (v *visibility) change(ctx context.Context, changes map[string][]driver.Visibility) {
	for queue, changes := range changes {
		if v.refused.Load() {
			return
		}
		err := v.try(ctx, queue, changes)
		var permanent *backoff.PermanentError
		switch {
		case err == nil:
		case errors.As(err, &permanent):
			if !v.refused.Swap(true) {
				v.log.WarnContext(ctx, "offload: the queue cannot be told when to deliver messages again; its visibility timeout holds", "error", err.Error())
			}
		default:
			v.log.DebugContext(ctx, "offload: the visibility timeout of messages stays as it is", "messages", len(changes), "error", err.Error())
		}
	}
}

func (v *visibility) try(ctx context.Context, queue string, changes []driver.Visibility) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = backoff.Permanent(fmt.Errorf("offload: the strategy panicked in ChangeVisibility: %v", p))
		}
	}()
	return v.changer.ChangeVisibility(ctx, queue, changes)
}

// keepHidden keeps the batch's tasks from being delivered a second time while the batch runs
// long: Lambda may have held the batch back until much of the queue's timeout had passed.
// All of them, since those that are done are deleted only when the batch is. The invocation's end is
// known, so one call is enough, and a crash does not hide them for longer. The returned function ends it.
func (b *batch) keepHidden() (stop func()) {
	s := b.scope
	v := s.off.opts.remote().visibility
	deadline, ok := s.Deadline()
	if v == nil || !ok || time.Until(deadline) <= extendAfter {
		return func() {}
	}
	ctx, cancel := context.WithCancel(s.tail.values())
	done := make(chan struct{})
	timer := time.AfterFunc(extendAfter, func() {
		defer close(done)
		changes := map[string][]driver.Visibility{}
		for i := range b.records {
			if r := &b.records[i]; r.envelope {
				r.addTo(changes, time.Until(deadline)+extendBeyond)
			}
		}
		v.change(ctx, changes)
	})
	return sync.OnceFunc(func() {
		cancel()
		if !timer.Stop() {
			<-done // or it might undo a backoff
		}
	})
}

// backOff has the tasks that failed delivered again when it is worth it. What the
// handler failed at is the handler's business.
func (b *batch) backOff() {
	s := b.scope
	remote := s.off.opts.remote()
	v, policy := remote.visibility, *remote.redelivery
	if v == nil || policy == (redelivery{}) {
		return
	}
	changes := map[string][]driver.Visibility{}
	first := map[string]*sqsRecord{} // that failed, of each group
	for i := range b.records {
		r := &b.records[i]
		if r.failed == nil {
			continue
		}
		// Of a FIFO queue the rest of a group comes with the one it waits for.
		if first[r.group] == nil || !b.fifo {
			first[r.group] = r
			r.again = r.due(policy)
		}
		if cause := first[r.group]; cause.envelope {
			r.addTo(changes, cause.again)
		}
	}
	if len(changes) == 0 {
		return
	}
	ctx, cancel := s.until(s.flushBy())
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, visibilityTime)
	defer cancel()
	if ctx.Err() == nil {
		v.change(ctx, changes)
	}
}

// due says when a record that failed is worth another delivery.
func (r *sqsRecord) due(policy redelivery) time.Duration {
	switch {
	case errors.Is(r.failed, ErrNotDue):
		return max(0, min(time.Until(r.notBefore), maxRedelivery))
	case r.hopeless:
		return 0 // no delivery will help: the sooner it is where dead letters go, the better
	default:
		return policy.after(r.receives)
	}
}

func (r *sqsRecord) addTo(changes map[string][]driver.Visibility, timeout time.Duration) {
	if r.receipt != "" {
		changes[r.queue] = append(changes[r.queue], driver.Visibility{Receipt: r.receipt, Timeout: timeout})
	}
}
