package offload

import "sync/atomic"

// entryState is what happens to a task.
type entryState = uint32

const (
	queued  entryState = iota // waits to run here
	running                   // runs here
	leaving                   // on its way to a sender
	ended                     // has had its terminal event
)

// place is where a task is: its state, the link of the chain it is at, and the attempts that
// were begun, those in other processes included. It is one word, so that beginning an
// attempt is one atomic operation.
//
// A transition is made by whoever moves the task on, and only from the state it knows: a worker
// that comes late (its task ignored its context and was given up) changes nothing.
type place struct{ word atomic.Uint32 }

// The parts of the word, from the lowest bit.
const (
	stateBits = 2
	linkBits  = 8 // an int8

	stateMask    = 1<<stateBits - 1
	linkMask     = (1<<linkBits - 1) << stateBits
	oneAttempt   = 1 << (stateBits + linkBits)
	mostAttempts = 1<<21 - 1 // counted; half of what there is room for, so that no sum overflows
)

func (p *place) state() entryState { return p.word.Load() & stateMask }
func (p *place) link() int         { return int(int8(p.word.Load() >> stateBits)) } // as setLink put it
func (p *place) attempts() int     { return int(p.word.Load() / oneAttempt) }

// move makes a transition, and reports false if the task is not in the state from.
func (p *place) move(from, to entryState) bool {
	for {
		word := p.word.Load()
		if word&stateMask != from {
			return false
		}
		if p.word.CompareAndSwap(word, word&^stateMask|to) {
			return true
		}
	}
}

// put makes a transition from any state.
func (p *place) put(to entryState) { p.replace(stateMask, to) }

// setLink takes the task to a link.
func (p *place) setLink(link int) {
	p.replace(linkMask, uint32(int8(link))<<stateBits) // a chain has a handful of links
}

// replace sets the bits of mask.
func (p *place) replace(mask, bits uint32) {
	for {
		word := p.word.Load()
		if p.word.CompareAndSwap(word, word&^mask|bits&mask) {
			return
		}
	}
}

// begin takes a task that waits to an attempt, and reports false if it does not wait
// (any more).
func (p *place) begin() bool {
	for {
		word := p.word.Load()
		if word&stateMask != queued {
			return false
		}
		if p.word.CompareAndSwap(word, word+oneAttempt|running) {
			return true
		}
	}
}

// count adds attempts that were begun. Whoever has the task calls it.
func (p *place) count(n int) {
	n = max(0, min(n, mostAttempts-p.attempts()))
	p.word.Add(uint32(n) * oneAttempt) // bounded here
}
