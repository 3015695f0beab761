package offload

import (
	"context"
	"errors"
	"fmt"
)

func (*remote) outgoing(ctx context.Context, o *offloader, task Task) (*outgoing, error) {
	out := &outgoing{origin: originOf(ctx)}
	if o.sends && task.def != nil {
		var err error
		if out.data, err = task.encodeInput(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// route gives the first link from onwards that takes the task. The error joins
// the reasons of those that do not.
func (*remote) route(e *entry, from int) (int, error) {
	chain := e.scope.off.chain
	var reasons []error
	for i := from; i < len(chain); i++ {
		err := chain[i].accepts(e)
		if err == nil {
			return i, nil
		}
		reasons = append(reasons, err)
	}
	if len(reasons) == 0 {
		return 0, fmt.Errorf("%w: task %q: no further strategy", ErrHandOver, e.name)
	}
	if len(reasons) == 1 {
		return 0, reasons[0]
	}
	return 0, errors.Join(append(reasons, ErrHandOver)...)
}

func (l *link) accepts(e *entry) error {
	if l.keeper != nil {
		return l.keeps(e)
	}
	if e.def == nil {
		return fmt.Errorf("%w (task %q, strategy %q)", ErrClosure, e.name, l.name)
	}
	return l.fits(e)
}

func (*remote) leave(e *entry, from entryState, kind EventKind, reason error) {
	if e.move(from, leaving) && !e.onward(reason) {
		e.end(leaving, kind, reason)
	}
}

// onward takes a task to the next link that takes it; reason is why it leaves the one it is at. It
// reports false, and leaves the task there, if there is none or the scope was given up.
func (e *entry) onward(reason error) bool {
	at := e.link()
	next, err := e.scope.off.opts.crossing.route(e, at+1)
	if err != nil {
		return false
	}
	e.out.reason = reason
	e.setLink(next)
	if !e.scope.post(e) {
		e.setLink(at)
		return false
	}
	return true
}

// post puts an entry that moved down the chain where its new link takes it. It
// reports false if nobody will look there any more, because the scope was given up.
func (s *scope) post(e *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sends := s.off.chain[e.link()].sender != nil
	if s.abandoned || s.closed && !sends {
		return false
	}
	if !sends {
		e.put(queued)
	}
	s.enqueue(e)
	return true
}
