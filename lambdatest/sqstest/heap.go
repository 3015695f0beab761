package sqstest

// Which heap a position in message.pos belongs to.
const (
	heapDue    = iota // hidden messages by the time they appear
	heapExpiry        // all messages by the time they entered the queue
	heapReady         // visible messages of one tenant by age
	heapCount
)

// messageHeap is a binary heap of messages that knows where each one is, so that
// a message can leave from the middle when it is deleted.
type messageHeap struct {
	slot  int // the entry of message.pos that this heap keeps
	less  func(a, b *message) bool
	items []*message
}

func (h *messageHeap) len() int { return len(h.items) }

// min returns the first message, nil if there is none.
func (h *messageHeap) min() *message {
	if len(h.items) == 0 {
		return nil
	}
	return h.items[0]
}

func (h *messageHeap) push(m *message) {
	h.items = append(h.items, m)
	m.pos[h.slot] = len(h.items)
	h.up(len(h.items) - 1)
}

// remove takes m out; it does nothing when m is not in the heap.
func (h *messageHeap) remove(m *message) {
	i := m.pos[h.slot] - 1
	if i < 0 {
		return
	}
	last := len(h.items) - 1
	h.swap(i, last)
	h.items[last] = nil
	h.items = h.items[:last]
	m.pos[h.slot] = 0
	if i < last {
		h.down(i)
		h.up(i)
	}
}

func (h *messageHeap) swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	h.items[i].pos[h.slot] = i + 1
	h.items[j].pos[h.slot] = j + 1
}

func (h *messageHeap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(h.items[i], h.items[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *messageHeap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			return
		}
		if child+1 < len(h.items) && h.less(h.items[child+1], h.items[child]) {
			child++
		}
		if !h.less(h.items[child], h.items[i]) {
			return
		}
		h.swap(i, child)
		i = child
	}
}
