package offload

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// errUnprocessed is the reason for a record of a FIFO queue behind one that failed.
var errUnprocessed = errors.New("offload: given back unprocessed, for its place in the order of its group")

// batch is an SQS event with envelopes in it.
type batch struct {
	scope   *scope
	handle  eventHandler
	records []sqsRecord
	fifo    bool
}

// runBatch deals with an SQS event record by record: envelopes run here, the rest
// goes to the handler as an SQS event of its own. The result names the records that failed.
//
// On a standard queue the tasks come first, all at once, then the handler. On a FIFO
// queue a group may have both kinds of records: each stretch of one kind is dealt
// with before the next begins, and the handler may be called several times.
func (o *offloader) runBatch(ctx context.Context, s *scope, records []sqsRecord, handle eventHandler) (any, error) {
	b := &batch{scope: s, handle: handle, records: records}
	for i := range records {
		b.fifo = b.fifo || records[i].fifo
	}
	shown := b.keepHidden()
	defer shown()
	for _, stretch := range b.stretches() {
		if stretch[0].envelope {
			b.runTasks(stretch)
		} else {
			b.callHandler(ctx, stretch)
		}
	}
	shown()
	b.backOff()
	return b.response(ctx), nil
}

// stretches divides the records into those of one kind that are dealt with together.
func (b *batch) stretches() [][]*sqsRecord {
	var tasks, foreign []*sqsRecord
	var all [][]*sqsRecord
	for i := range b.records {
		r := &b.records[i]
		switch {
		case b.fifo && i > 0 && b.records[i-1].envelope == r.envelope:
			all[len(all)-1] = append(all[len(all)-1], r)
		case b.fifo:
			all = append(all, []*sqsRecord{r})
		case r.envelope:
			tasks = append(tasks, r)
		default:
			foreign = append(foreign, r)
		}
	}
	for _, stretch := range [][]*sqsRecord{tasks, foreign} {
		if len(stretch) > 0 {
			all = append(all, stretch)
		}
	}
	return all
}

// runTasks runs lanes of tasks, as many at once as WithConcurrency says.
func (b *batch) runTasks(stretch []*sqsRecord) {
	slots := make(chan struct{}, b.scope.off.opts.concurrency)
	var all sync.WaitGroup
	var deliveries []*delivery
	for _, lane := range b.lanes(b.unblocked(stretch)) {
		lane := newLane(lane, b.fifo)
		deliveries = append(deliveries, lane.deliveries...)
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			lane.run(b.scope)
		})
	}
	all.Wait()
	if b.fifo {
		return
	}
	// Once for the batch, so that what its tasks deferred leaves in full batches too.
	b.scope.settleDeliveries()
	for i, d := range deliveries {
		switch r := stretch[i]; {
		case r.failed != nil: // it could not be read
		case d.hopeless: // which takes a call
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				r.conclude(d)
			})
		default:
			r.conclude(d)
		}
	}
	all.Wait()
}

// conclude takes over what came of the record's task.
func (r *sqsRecord) conclude(d *delivery) {
	r.failed, r.notBefore, r.hopeless = d.failure(), d.due, d.hopeless
	if r.failed != nil && d.bury(r.body) {
		r.failed = nil // done with, as far as the queue is concerned
	}
}

// lanes divides records into sequences: groups on a FIFO queue, otherwise every record is its own.
func (b *batch) lanes(records []*sqsRecord) [][]*sqsRecord {
	var lanes [][]*sqsRecord
	at := map[string]int{}
	for _, r := range records {
		if i, ok := at[r.group]; ok && b.fifo {
			lanes[i] = append(lanes[i], r)
			continue
		}
		at[r.group] = len(lanes)
		lanes = append(lanes, []*sqsRecord{r})
	}
	return lanes
}

// unblocked gives back the records whose group has failed before, and returns the others.
func (b *batch) unblocked(stretch []*sqsRecord) []*sqsRecord {
	if !b.fifo {
		return stretch
	}
	blocked := map[string]bool{}
	for i := range b.records {
		if r := &b.records[i]; r.failed != nil {
			blocked[r.group] = true
		}
	}
	var open []*sqsRecord
	for _, r := range stretch {
		if blocked[r.group] {
			r.failed = errUnprocessed
			continue
		}
		open = append(open, r)
	}
	return open
}

// lane is a sequence of records that run one after the other.
type lane struct {
	records    []*sqsRecord
	deliveries []*delivery
	ordered    bool
}

func newLane(records []*sqsRecord, ordered bool) *lane {
	l := &lane{records: records, ordered: ordered}
	for _, r := range records {
		l.deliveries = append(l.deliveries, &delivery{via: viaSQS, receives: r.receives, ordered: ordered})
	}
	return l
}

// run ends at the first failure.
func (l *lane) run(s *scope) {
	for i, r := range l.records {
		d := l.deliveries[i]
		if err := d.open(s, []byte(r.body)); err != nil {
			r.failed = err
			s.off.log.ErrorContext(s, "offload: a message is a task that cannot be run; it stays in the queue", "messageId", r.id, "receives", r.receives, "error", err.Error(), s.logID())
		} else {
			d.perform()
			if l.ordered {
				s.settleDeliveries() // the next task may rely on what this one deferred
				r.conclude(d)
			}
		}
		if r.failed != nil {
			for _, rest := range l.records[i+1:] {
				rest.failed = errUnprocessed
			}
			return
		}
	}
}

// callHandler gives records of somebody else to the handler. Its error is theirs
// alone: returned as the invocation's, it would repeat the tasks too.
func (b *batch) callHandler(ctx context.Context, stretch []*sqsRecord) {
	stretch = b.unblocked(stretch)
	if len(stretch) == 0 {
		return
	}
	ofThisCall := b.scope.deferredFromNow()
	result, err := b.handle(ctx, foreignEvent(stretch))
	var failed map[string]bool
	if err == nil {
		failed, err = b.failuresIn(result, stretch)
	} else {
		b.scope.dropOnlyOnSuccess(ofThisCall)
	}
	if err != nil {
		b.scope.off.log.ErrorContext(ctx, "offload: the handler failed for the messages of a batch that are no tasks; they stay in the queue", "messages", len(stretch), "error", err.Error(), b.scope.logID())
	}
	for _, r := range stretch {
		switch {
		case err != nil:
			r.failed = err
		case failed[r.id]:
			r.failed = fmt.Errorf("offload: the handler reported message %s as failed", r.id)
		}
	}
}

// deferredFromNow gives a test for tasks that the handler defers from here on.
func (s *scope) deferredFromNow() func(*entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.numbered
	return func(e *entry) bool { return e.out.origin == nil && e.number > before }
}
