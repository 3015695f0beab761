package offload

import "fmt"

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
	return s.flush(ctx)
}
