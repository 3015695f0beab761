package cost

import (
	"container/heap"
	"time"
)

// The scaling of an SQS event source mapping in its default mode (Lambda developer
// guide, "Configuring scaling behavior for SQS event source mappings", 2026): five
// concurrent batches when the queue becomes active, up to 300 more a minute while
// messages are still available, 1,250 at most. The steps are not published: here it
// is one batch at a time, as in lambdatest.
const (
	mappingStart = 5
	mappingPace  = time.Minute / 300
	mappingMost  = 1250
)

// mapping is an event source mapping whose queue becomes active at the first
// message. It has places for batches, and one more for each mappingPace in which
// all were taken.
type mapping struct {
	limit  int
	taken  times         // when each place that is taken becomes free
	now    time.Duration // up to when it is worked out
	waited time.Duration // of mappingPace, for the next place
}

func newMapping() *mapping { return &mapping{limit: mappingStart} }

// place returns when there is a place for a batch that is in the queue from a time
// on. Batches are asked for in the order of their times.
func (m *mapping) place(at time.Duration) time.Duration {
	for m.now < at {
		m.step(at)
	}
	for m.free(); len(m.taken) == m.limit; {
		m.step(maxTime)
	}
	return m.now
}

// maxTime is later than anything that happens in a burst.
const maxTime = time.Duration(1<<63 - 1)

// take holds a place until a time.
func (m *mapping) take(until time.Duration) { heap.Push(&m.taken, until) }

// step goes on to the next moment at which something changes, or to a time if that
// comes first.
func (m *mapping) step(to time.Duration) {
	m.free()
	if len(m.taken) < m.limit {
		m.now = to
		return
	}
	next := min(to, m.taken[0])
	if m.limit < mappingMost {
		next = min(next, m.now+mappingPace-m.waited)
		m.waited += next - m.now
	}
	m.now = next
	if m.waited == mappingPace {
		m.limit, m.waited = m.limit+1, 0
	}
	m.free()
}

// free gives back the places whose batch is over.
func (m *mapping) free() {
	for len(m.taken) > 0 && m.taken[0] <= m.now {
		heap.Pop(&m.taken)
	}
}
