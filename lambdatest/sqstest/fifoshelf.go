package sqstest

import "container/list"

// fifoShelf orders a FIFO queue. Each message group is a line of its own: only the
// visible messages at its head can be taken, so a message that is in flight or
// delayed holds back everything behind it. A take empties one group as far as it
// can before it turns to the next, and a group that gave messages goes to the end.
type fifoShelf struct {
	groups map[string]*list.Element
	turns  *list.List // of *fifoGroup
}

type fifoGroup struct {
	name     string
	messages []*message // in the order they were sent
}

func newFIFOShelf() *fifoShelf {
	return &fifoShelf{groups: map[string]*list.Element{}, turns: list.New()}
}

func (s *fifoShelf) added(m *message) {
	at := s.groups[m.group]
	if at == nil {
		at = s.turns.PushBack(&fifoGroup{name: m.group})
		s.groups[m.group] = at
	}
	g := at.Value.(*fifoGroup)
	g.messages = append(g.messages, m)
}

// The state of the message says all a group needs to know.
func (s *fifoShelf) shown(*message)    {}
func (s *fifoShelf) released(*message) {}

func (s *fifoShelf) removed(m *message) {
	at := s.groups[m.group]
	if at == nil {
		return
	}
	g := at.Value.(*fifoGroup)
	for i, other := range g.messages {
		if other != m {
			continue
		}
		if i == 0 { // the usual case costs nothing however long the group is
			g.messages[0] = nil
			g.messages = g.messages[1:]
		} else {
			g.messages = append(g.messages[:i], g.messages[i+1:]...)
		}
		break
	}
	if len(g.messages) == 0 {
		s.turns.Remove(at)
		delete(s.groups, m.group)
	}
}

func (s *fifoShelf) peek() *message {
	var oldest *message
	for at := s.turns.Front(); at != nil; at = at.Next() {
		head := at.Value.(*fifoGroup).messages[0]
		if head.state == stateReady && (oldest == nil || head.key < oldest.key) {
			oldest = head
		}
	}
	return oldest
}

func (s *fifoShelf) take(n int, keep func(*message) bool) []*message {
	var taken []*message
	var served []*list.Element
	for at := s.turns.Front(); at != nil && len(taken) < n; {
		next := at.Next() // keep may remove the group
		before := len(taken)
		g := at.Value.(*fifoGroup)
		for i := 0; i < len(g.messages) && len(taken) < n; {
			m := g.messages[i]
			if m.state != stateReady {
				break
			}
			if !keep(m) {
				continue // the message behind it took its place
			}
			taken = append(taken, m)
			i++
		}
		if len(taken) > before {
			served = append(served, at)
		}
		at = next
	}
	for _, at := range served {
		s.turns.MoveToBack(at)
	}
	return taken
}
