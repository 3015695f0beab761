package lambdatest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// How much history a Lambda keeps; older entries are dropped.
const (
	keptEvents  = 1 << 16
	keptReports = 1 << 13
	keptLines   = 1 << 15
	// queuedEvents bounds what a slow subscriber may have outstanding.
	queuedEvents = 1 << 16
)

// journal is the record of everything that happened to one function.
type journal struct {
	function string
	output   io.Writer

	mu          sync.Mutex
	events      ring[Event]
	reports     ring[Report]
	lines       ring[LogLine]
	waiting     map[string][]chan Report
	subscribers map[*subscriber]struct{}
	closed      bool
	printed     []byte // buffer for output
}

func newJournal(function string, output io.Writer) *journal {
	return &journal{
		function: function, output: output,
		events: ring[Event]{limit: keptEvents}, reports: ring[Report]{limit: keptReports}, lines: ring[LogLine]{limit: keptLines},
		waiting: map[string][]chan Report{}, subscribers: map[*subscriber]struct{}{},
	}
}

func (j *journal) record(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.add(e)
}

func (j *journal) add(e Event) {
	e.Function = j.function
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	j.events.add(e)
	for s := range j.subscribers {
		s.push(e)
	}
}

// log records lines and, as events, tells the subscribers of them. Lines are not kept among the events as well: a
// talkative function would push the events out.
func (j *journal) log(lines ...LogLine) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range lines {
		j.lines.add(l)
		for s := range j.subscribers {
			s.push(Event{
				Time: l.Time, Kind: EventLog, Function: j.function,
				EnvironmentID: l.EnvironmentID, RequestID: l.RequestID, Message: l.Text,
			})
		}
		if j.output != nil {
			j.printed = append(append(j.printed[:0], l.Text...), '\n')
			_, _ = j.output.Write(j.printed) // the log is kept here as well; a reader that went away loses nothing
		}
	}
}

// report records the end of an invocation and releases those who wait for it.
func (j *journal) report(r *Report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reports.add(*r)
	j.add(Event{Kind: EventReport, EnvironmentID: r.EnvironmentID, RequestID: r.RequestID, Report: r})
	if len(j.waiting) == 0 {
		return
	}
	for _, ch := range j.waiting[r.RequestID] {
		ch <- *r // buffered
	}
	delete(j.waiting, r.RequestID)
}

func (j *journal) waitReport(ctx context.Context, requestID string) (Report, error) {
	j.mu.Lock()
	var found *Report
	j.reports.newest(func(r Report) bool {
		if r.RequestID == requestID {
			found = &r
		}
		return found == nil
	})
	if found != nil {
		j.mu.Unlock()
		return *found, nil
	}
	if j.closed {
		j.mu.Unlock()
		return Report{}, fmt.Errorf("%w: %s", ErrNotRecorded, requestID)
	}
	ch := make(chan Report, 1)
	j.waiting[requestID] = append(j.waiting[requestID], ch)
	j.mu.Unlock()

	select {
	case r, ok := <-ch:
		if !ok {
			return Report{}, fmt.Errorf("%w: %s", ErrNotRecorded, requestID)
		}
		return r, nil
	case <-ctx.Done():
		j.forget(requestID, ch)
		return Report{}, fmt.Errorf("report of request %s: %w", requestID, ctx.Err())
	}
}

func (j *journal) forget(requestID string, ch chan Report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := j.waiting[requestID][:0]
	for _, c := range j.waiting[requestID] {
		if c != ch {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		delete(j.waiting, requestID)
		return
	}
	j.waiting[requestID] = kept
}

// tail returns the newest log text of one request, at most limit bytes.
func (j *journal) tail(requestID string, limit int) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines []string
	size := 0
	j.lines.newest(func(l LogLine) bool {
		if l.RequestID == requestID {
			lines = append(lines, l.Text)
			size += len(l.Text) + 1
		}
		// START is the first line of a request, nothing older can be its.
		return size < limit && (l.RequestID != requestID || !l.Platform || !strings.HasPrefix(l.Text, "START "))
	})
	var b strings.Builder
	for i := len(lines) - 1; i >= 0; i-- {
		b.WriteString(lines[i])
		b.WriteByte('\n')
	}
	text := b.String()
	return text[max(0, len(text)-limit):]
}

func (j *journal) subscribe(f func(Event)) (cancel func()) {
	s := &subscriber{call: f, done: make(chan struct{})}
	s.filled.L = &s.mu
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return func() {}
	}
	j.subscribers[s] = struct{}{}
	j.mu.Unlock()
	go s.run()
	return func() {
		j.mu.Lock()
		delete(j.subscribers, s)
		j.mu.Unlock()
		s.stop()
	}
}

// close delivers what subscribers still have outstanding and ends them.
func (j *journal) close() {
	j.mu.Lock()
	j.add(Event{Kind: EventClose})
	j.closed = true
	subscribers := j.subscribers
	j.subscribers = map[*subscriber]struct{}{}
	for _, chs := range j.waiting {
		for _, ch := range chs {
			close(ch)
		}
	}
	j.waiting = map[string][]chan Report{}
	j.mu.Unlock()
	for s := range subscribers {
		s.stop()
	}
}

// subscriber delivers events in order on a goroutine of its own: events are recorded under the locks of an
// environment, where no foreign code may run.
type subscriber struct {
	call func(Event)
	done chan struct{}

	mu      sync.Mutex
	filled  sync.Cond
	queue   []Event
	stopped bool
}

func (s *subscriber) push(e Event) {
	s.mu.Lock()
	if len(s.queue) < queuedEvents && !s.stopped {
		s.queue = append(s.queue, e)
	}
	s.mu.Unlock()
	s.filled.Signal()
}

func (s *subscriber) run() {
	defer close(s.done)
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.stopped {
			s.filled.Wait()
		}
		batch := s.queue
		s.queue = nil
		stopped := s.stopped
		s.mu.Unlock()
		for _, e := range batch {
			s.call(e)
		}
		if stopped {
			return
		}
	}
}

// stop lets the goroutine deliver what is queued and end. It does not wait for it: cancel may be called from within
// the callback.
func (s *subscriber) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.filled.Broadcast()
}
