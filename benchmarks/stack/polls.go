package stack

import (
	"sync"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// polls follows an event source mapping.
type polls struct {
	mu      sync.Mutex
	empty   int             // requests for messages that returned none
	waiting map[string]bool // messages that failed and wait for their visibility timeout
}

// event takes what the mapping tells. It comes with a delay, so what is known to wait
// does, and more may.
func (p *polls) event(e lambdatest.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case lambdatest.EventPoll:
		if len(e.Batch.Messages) == 0 && e.Message == "" {
			p.empty++
		}
		for _, id := range e.Batch.Messages {
			delete(p.waiting, id)
		}
	case lambdatest.EventBatchEnd:
		for _, id := range e.Batch.Failed {
			p.waiting[id] = true
		}
	default: // of the function
	}
}

// takeEmpty returns how many polls have been in vain since the last call.
func (p *polls) takeEmpty() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.empty
	p.empty = 0
	return n
}

// skipVisibility moves the queue's clock on whenever all that is left in it are
// failed messages that wait for their visibility timeout: it says nothing about a
// contestant, and on AWS it would be minutes.
func (p *polls) skipVisibility(server *sqstest.Server, visibility time.Duration) (stop func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-stopped:
				return
			}
			if counts := server.Queue(queueName).Counts(); counts.Visible == 0 && counts.InFlight > 0 && p.expire(counts.InFlight) {
				server.Advance(visibility)
			}
		}
	}()
	return func() { close(stopped); <-done }
}

// expire reports whether everything in flight waits, and forgets it then.
func (p *polls) expire(inFlight int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) < inFlight {
		return false
	}
	clear(p.waiting)
	return true
}
