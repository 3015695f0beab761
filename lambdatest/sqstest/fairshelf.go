package sqstest

// fairShelf orders a standard queue: oldest first, but a tenant (a MessageGroupId)
// that has more than an equal share of the messages in flight waits behind the
// others (DG sqs-fair-queues). Messages without a group are never held back.
type fairShelf struct {
	tenants  map[string]*tenant
	inFlight int // of tenants with a name
}

type tenant struct {
	name     string
	ready    messageHeap
	inFlight int
}

func newFairShelf() *fairShelf { return &fairShelf{tenants: map[string]*tenant{}} }

func (s *fairShelf) tenant(m *message) *tenant {
	t := s.tenants[m.group]
	if t == nil {
		t = &tenant{
			name:  m.group,
			ready: messageHeap{slot: heapReady, less: func(a, b *message) bool { return a.key < b.key }},
		}
		s.tenants[m.group] = t
	}
	return t
}

func (s *fairShelf) added(m *message) {
	if m.state == stateReady {
		s.shown(m)
	}
}

func (s *fairShelf) shown(m *message) { s.tenant(m).ready.push(m) }

func (s *fairShelf) removed(m *message) {
	t := s.tenant(m)
	t.ready.remove(m)
	s.forget(t)
}

func (s *fairShelf) released(m *message) {
	t := s.tenant(m)
	t.inFlight--
	if t.name != "" {
		s.inFlight--
	}
}

func (s *fairShelf) take(n int, keep func(*message) bool) []*message {
	var taken []*message
	for len(taken) < n {
		t := s.next()
		if t == nil {
			break
		}
		m := t.ready.min()
		if !keep(m) {
			continue // it has left through removed
		}
		t.ready.remove(m)
		t.inFlight++
		if t.name != "" {
			s.inFlight++
		}
		taken = append(taken, m)
	}
	return taken
}

func (s *fairShelf) peek() *message {
	var oldest *message
	for _, t := range s.tenants {
		if m := t.ready.min(); m != nil && (oldest == nil || m.key < oldest.key) {
			oldest = m
		}
	}
	return oldest
}

// next is the tenant whose oldest message goes out, nil if nothing is visible.
func (s *fairShelf) next() *tenant {
	var quiet, noisy *tenant
	for _, t := range s.tenants {
		if t.ready.len() == 0 {
			continue
		}
		best := &quiet
		if s.noisy(t) {
			best = &noisy
		}
		if *best == nil || t.ready.min().key < (*best).ready.min().key {
			*best = t
		}
	}
	if quiet != nil {
		return quiet
	}
	return noisy
}

// noisy reports whether t has more than an equal share of what is in flight. AWS
// says "a disproportionately large number" and publishes no figure.
func (s *fairShelf) noisy(t *tenant) bool {
	return t.name != "" && t.inFlight*len(s.tenants) > s.inFlight
}

// forget drops a tenant without messages, so that the number of tenants ever seen costs nothing.
func (s *fairShelf) forget(t *tenant) {
	if t.ready.len() == 0 && t.inFlight == 0 {
		delete(s.tenants, t.name)
	}
}
