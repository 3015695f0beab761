package offload

import (
	"math"
	"testing"
)

func TestPlaceKeepsItsPartsApart(t *testing.T) {
	t.Parallel()
	var p place
	if !p.begin() || p.begin() {
		t.Fatal("an attempt begins once")
	}
	p.setLink(arrived)
	p.count(2)
	if got := p.link(); got != arrived {
		t.Errorf("link %d, want %d", got, arrived)
	}
	p.setLink(3)
	p.put(leaving)
	if p.move(running, ended) {
		t.Error("a worker that comes late moved the task on")
	}
	if !p.move(leaving, ended) {
		t.Error("the task is not leaving")
	}
	if p.state() != ended || p.link() != 3 || p.attempts() != 3 {
		t.Errorf("state %d, link %d, attempts %d; want %d, 3, 3", p.state(), p.link(), p.attempts(), ended)
	}
}

// What envelopes and queues say of attempts is outside input.
func TestPlaceCountsAttemptsOfStrangers(t *testing.T) {
	t.Parallel()
	for _, stranger := range []int{math.MaxInt, mostAttempts, -1, math.MinInt} {
		var p place
		p.setLink(arrived)
		p.put(running)
		p.count(stranger)
		p.count(math.MaxInt)
		p.count(1)
		if p.attempts() != mostAttempts || p.link() != arrived || p.state() != running {
			t.Errorf("after %d: attempts %d, link %d, state %d", stranger, p.attempts(), p.link(), p.state())
		}
	}
}
