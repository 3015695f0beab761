package sqstest

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// Whatever was pushed and removed in between, the least message comes first.
func TestMessageHeap(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	h := messageHeap{slot: heapExpiry, less: func(a, b *message) bool { return a.key < b.key }}
	var want []*message
	for range 5000 {
		switch {
		case len(want) == 0 || rng.IntN(5) < 3:
			m := &message{key: rng.Uint64N(1000)}
			h.push(m)
			want = append(want, m)
		default:
			i := rng.IntN(len(want))
			h.remove(want[i])
			h.remove(want[i]) // not in the heap any more: nothing happens
			want = slices.Delete(want, i, i+1)
		}
		if h.len() != len(want) {
			t.Fatalf("%d messages, want %d", h.len(), len(want))
		}
		if len(want) > 0 {
			least := slices.MinFunc(want, func(a, b *message) int { return int(a.key) - int(b.key) })
			if h.min().key != least.key {
				t.Fatalf("the first is %d, want %d", h.min().key, least.key)
			}
		}
	} // Taking everything out shows every place that was out of order.
	last := uint64(0)
	for m := h.min(); m != nil; m = h.min() {
		if m.key < last {
			t.Fatalf("%d comes after %d", m.key, last)
		}
		last = m.key
		h.remove(m)
	}
}

// The shelves keep nothing of groups that are empty, however many there were.
func TestShelvesForgetGroups(t *testing.T) {
	t.Parallel()
	fair, fifo := newFairShelf(), newFIFOShelf()
	for _, s := range []shelf{fair, fifo} {
		var messages []*message
		for i := range 100 {
			m := &message{key: uint64(i), group: strconv.Itoa(i % 10)}
			s.added(m)
			messages = append(messages, m)
		}
		taken := s.take(50, func(*message) bool { return true })
		if len(taken) != 50 {
			t.Fatalf("took %d, want 50", len(taken))
		}
		for _, m := range taken {
			m.state = stateInFlight
		}
		for _, m := range messages {
			if m.state == stateInFlight {
				s.released(m)
			}
			s.removed(m)
		}
	}
	if len(fair.tenants) != 0 || fair.inFlight != 0 {
		t.Errorf("the fair shelf keeps %d tenants and %d in flight", len(fair.tenants), fair.inFlight)
	}
	if len(fifo.groups) != 0 || fifo.turns.Len() != 0 {
		t.Errorf("the FIFO shelf keeps %d groups and %d turns", len(fifo.groups), fifo.turns.Len())
	}
}
