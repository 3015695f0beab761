package offloademf

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
)

// The metrics, in the order in which a line has them.
const (
	accepted = iota
	done
	failed
	handedOver
	dropped
	retries
	counts // how many metrics are counts
)

const (
	wait = iota
	duration
	timeLeft
	times
)

var metricNames = [counts + times]string{
	"TasksAccepted", "TasksDone", "TasksFailed", "TasksHandedOver", "TasksDropped", "TaskRetries",
	"TaskWait", "TaskDuration", "TaskTimeLeft",
}

// Metrics is an observer of tasks that writes metrics. Pass it to [offload.WithTelemetry], which also has it
// flushed. It is safe for concurrent use.
type Metrics struct {
	opts    Options
	layout  layout
	overlap bool // invocations overlap: the end of one says nothing of the others

	mu      sync.Mutex
	open    map[key]*line
	newest  key   // of last
	last    *line // most events are about the same line as the one before
	failure error // of a line that was written early
}

// key says what shares a line.
type key struct{ request, task string }

// line collects what one line will say.
type line struct {
	counts [counts]int
	times  [times][]time.Duration
	at     time.Time
}

// New makes metrics. The error is [ErrOptions].
func New(opts *Options) (*Metrics, error) {
	c, err := opts.complete()
	if err != nil {
		return nil, err
	}
	return &Metrics{
		opts: c, layout: newLayout(&c), overlap: lambdacontext.MaxConcurrency() > 1, open: map[key]*line{},
	}, nil
}

// countOf gives the count that an event adds to.
var countOf = map[offload.EventKind]int{
	offload.Accepted: accepted, offload.Done: done, offload.Failed: failed,
	offload.HandedOver: handedOver, offload.Dropped: dropped, offload.Retrying: retries,
}

// Wants tells package offload which events count.
func (*Metrics) Wants(k offload.EventKind) bool {
	_, counts := countOf[k]
	return counts
}

// Observe implements [offload.Observer].
func (m *Metrics) Observe(_ context.Context, e offload.Event) {
	count, counts := countOf[e.Kind]
	if !counts {
		return
	}
	k := key{request: e.Task.RequestID}
	if m.opts.ByTask {
		k.task = e.Task.Name
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.line(k)
	l.at = e.Time
	l.counts[count]++
	if !e.Kind.Terminal() {
		return
	}
	l.times[wait] = append(l.times[wait], e.Wait)
	if e.Run > 0 {
		l.times[duration] = append(l.times[duration], e.Run)
	}
	if e.Left != 0 {
		l.times[timeLeft] = append(l.times[timeLeft], e.Left)
	}
	if len(l.times[wait]) == maxValues {
		m.write(k, l)
	}
}

// line gives the line of a key. m.mu is held.
func (m *Metrics) line(k key) *line {
	if m.last != nil && m.newest == k {
		return m.last
	}
	l := m.open[k]
	if l == nil {
		l = &line{}
		m.open[k] = l
	}
	m.newest, m.last = k, l
	return l
}

// write writes a line and forgets it. m.mu is held.
func (m *Metrics) write(k key, l *line) {
	delete(m.open, k)
	m.last = nil
	if _, err := m.opts.Writer.Write(m.layout.render(k, l)); err != nil {
		m.failure = err
	}
}

// Flush implements [offload.Flusher]: it writes what is open, where invocations overlap only that of the one
// which ends. The error is one of the writer's since the last call.
func (m *Metrics) Flush(ctx context.Context) error {
	lc, invocation := lambdacontext.FromContext(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	var over []key
	for k := range m.open {
		if !m.overlap || !invocation || k.request == lc.AwsRequestID {
			over = append(over, k)
		}
	}
	slices.SortFunc(over, func(a, b key) int { return cmp.Or(cmp.Compare(a.request, b.request), cmp.Compare(a.task, b.task)) })
	for _, k := range over {
		m.write(k, m.open[k])
	}
	err := m.failure
	m.failure = nil
	return err
}

var (
	_ offload.Observer = (*Metrics)(nil)
	_ offload.Flusher  = (*Metrics)(nil)
)
