package offload

import (
	"context"
	"time"
)

// invoke runs one invocation: it opens a scope, calls the handler in it, and sees
// to it that keep is called, now or after the response.
func (o *offloader) invoke(ctx context.Context, call handlerFunc) (*response, error) {
	s := o.begin(ctx)
	settled := false
	defer func() {
		if !settled {
			// A panic: aws-lambda-go reports it and exits.
			s.final = true
			s.fail()
		}
	}()

	var r *response
	result, err := call(s)
	if err == nil {
		r, err = o.respond(s, result)
	}
	if err == nil {
		if err = s.handOff(); err != nil {
			_ = r.closeBody()
		}
	}
	settled = true
	if err != nil {
		s.fail()
		return nil, err
	}
	return r, nil
}

// begin opens the scope of an invocation.
func (o *offloader) begin(ctx context.Context) *scope {
	now := time.Now()
	if o.freezes {
		o.settleMissed()
		o.thaw(now)
	}
	s := &scope{off: o, id: newScopeID(), start: now}
	s.tail.invocation = ctx
	if deadline, ok := ctx.Deadline(); ok {
		s.margin = o.marginFor(deadline.Sub(now))
		s.tail.deadline = deadline.Add(-s.margin)
		if has := deadline.Sub(now); has > 0 && s.margin >= has && !o.warnedOfMargin.Swap(true) {
			o.log.ErrorContext(ctx, "offload: the margin is not shorter than the time that the invocation has, so there is none for tasks; they are handed over or dropped. "+
				"Shorten it (OFFLOAD_MARGIN, WithMargin), or raise the function's timeout", "margin", s.margin, "has", has, s.logID())
		}
	}
	s.missed = !o.hook.reached(ctx)
	o.ledger.add(s)
	return s
}

// marginFor gives the time to keep free before the deadline of an invocation that
// has d.
func (o *offloader) marginFor(d time.Duration) time.Duration {
	if o.opts.marginSet {
		return o.opts.margin
	}
	return max(0, min(d/10, DefaultMargin))
}

// thaw drops connections that idled while the environment was probably frozen.
// It compares wall clocks: whether the monotonic clock runs during a freeze is not
// documented.
func (o *offloader) thaw(now time.Time) {
	idle := o.idleSince.Load()
	if idle == 0 || now.Round(0).Sub(time.Unix(0, idle)) < DefaultThawAfter {
		return
	}
	for _, drop := range o.opts.thaw {
		drop()
	}
}

// fail deals with the tasks of an invocation whose handler failed. Nothing calls
// Close then. Where the hook is in place, it calls keep after aws-lambda-go has reported the
// error; where it is not, the tail comes first and the caller waits for it.
func (s *scope) fail() {
	s.dropOnlyOnSuccess(nil)
	_ = s.handOff() // the handler's own error is the one to report; the tasks have their events
	if s.off.hook.takes(s) {
		return
	}
	s.keep()
}

// dropOnlyOnSuccess ends the tasks that were deferred for a success: all of them, or
// those that belong to what has failed.
func (s *scope) dropOnlyOnSuccess(belongs func(*entry) bool) {
	unwanted := func(e *entry) bool { return e.set.onlyOnSuccess && (belongs == nil || belongs(e)) }
	var waiting, withdrawn []*entry
	s.mu.Lock()
	for _, e := range []*entry{s.held.first, s.next} { // in next are eager ones, for whom there was no worker yet
		for ; e != nil; e = e.after {
			if unwanted(e) {
				waiting = append(waiting, e)
			}
		}
	}
	if len(s.outbox) > 0 {
		withdrawn = s.off.opts.crossing.withdraw(s, unwanted)
	}
	s.mu.Unlock()
	for _, e := range waiting {
		e.end(queued, Dropped, ErrHandlerFailed) // workers pass over it
	}
	for _, e := range withdrawn {
		e.end(leaving, Dropped, ErrHandlerFailed)
	}
}

// keep passes the tail to the keeper, once.
func (s *scope) keep() {
	s.kept.Do(func() {
		if s.off.keeper == nil || s.missed {
			s.Run() // the chain has senders only, or the keeper was told that no Keep will come
			return
		}
		s.off.keeper.Keep(s)
	})
}
