package offload

import (
	"errors"
	"fmt"
	"slices"
)

// HandOff says when senders get the tasks that were deferred to them.
type HandOff int

// The environment variable OFFLOAD_HANDOFF takes "before" and "after".
const (
	// HandOffBefore sends before the response: when the client sees success, the
	// tasks are durable. It is the default.
	HandOffBefore HandOff = iota + 1

	// HandOffAfter sends in the tail, after the response: the client does not wait
	// for the queue, and a crash right after the response can lose the tasks.
	HandOffAfter
)

// WithHandOff sets when senders get their tasks.
func WithHandOff(h HandOff) Option {
	return func(o *options) { o.handOff = h }
}

func (o *options) completeHandOff() error {
	if o.handOff == 0 {
		switch v := o.getenv("OFFLOAD_HANDOFF"); v {
		case "", "before":
			o.handOff = HandOffBefore
		case "after":
			o.handOff = HandOffAfter
		default:
			return fmt.Errorf("%w: OFFLOAD_HANDOFF=%q; it is \"before\" or \"after\" the response", ErrConfig, v)
		}
	}
	if o.handOff != HandOffBefore && o.handOff != HandOffAfter {
		return fmt.Errorf("%w: WithHandOff(%d): use HandOffBefore or HandOffAfter", ErrConfig, o.handOff)
	}
	return nil
}

// handOff sends the tasks that leave before the response, unless that was moved to the tail.
func (s *scope) handOff() error {
	if !s.off.sends {
		return nil
	}
	return s.off.opts.crossing.handOff(s)
}

func (*remote) handOff(s *scope) error {
	if s.off.opts.handOff == HandOffAfter {
		return nil
	}
	ctx, cancel := s.until(s.tail.deadline)
	defer cancel()
	err := s.flush(ctx)
	s.awaitSent()
	if err == nil {
		err = s.lostBefore()
	}
	return err
}

// losses are the reasons of a HandOverError, which is linked only where tasks are sent.
type losses struct{ reasons []error }

// lostBefore tells of tasks that somebody else could not send for the handler: a shutdown, which did not
// wait for it to return.
func (s *scope) lostBefore() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == nil {
		return nil
	}
	return &HandOverError{slices.Clone(s.lost.reasons)}
}

// lose keeps a task that nobody took for lostBefore. One that was kept here until the shutdown has not been
// promised to be sent.
func (s *scope) lose(e *entry, lost error) {
	if errors.Is(e.out.reason, ErrShutdown) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.started:
	case s.lost == nil:
		s.lost = &losses{[]error{lost}}
	default:
		s.lost.reasons = append(s.lost.reasons, lost)
	}
}
