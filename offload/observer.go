package offload

import (
	"context"
	"log/slog"
)

// Observer is told what happens to tasks. Observe is called concurrently, on the
// goroutine that does the work, so it should return quickly; ctx has the values of
// the invocation and is not cancelled with it. A panic in Observe is logged, not
// passed on.
//
// An Observer that also has a method Wants(EventKind) bool is asked once, when the
// handler is started, which events it needs: an event nobody wants costs nothing.
type Observer interface {
	Observe(ctx context.Context, e Event)
}

// ObserverFunc makes an Observer of a function.
type ObserverFunc func(ctx context.Context, e Event)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, e Event) { f(ctx, e) }

// publisher delivers events to the observers that want them.
type publisher struct {
	wanted [eventKinds][]Observer
	timed  bool // somebody watches tasks run
	log    *slog.Logger
}

func newPublisher(observers []Observer, log *slog.Logger) *publisher {
	p := &publisher{log: log}
	for _, o := range observers {
		chooser, chooses := o.(interface{ Wants(EventKind) bool })
		for kind := Accepted; kind < eventKinds; kind++ {
			if !chooses || chooser.Wants(kind) {
				p.wanted[kind] = append(p.wanted[kind], o)
			}
		}
	}
	p.timed = p.wants(Started) || p.wants(Done)
	return p
}

func (p *publisher) wants(k EventKind) bool { return len(p.wanted[k]) > 0 }

func (p *publisher) publish(ctx context.Context, e *Event) {
	for _, o := range p.wanted[e.Kind] {
		p.deliver(ctx, o, e)
	}
}

func (p *publisher) deliver(ctx context.Context, o Observer, e *Event) {
	defer func() {
		if v := recover(); v != nil {
			p.log.ErrorContext(ctx, "offload: an observer panicked", "panic", v, "event", e.Kind.String(), logTask, e.Task.Name, logTaskID, e.Task.ID)
		}
	}()
	o.Observe(ctx, *e)
}
