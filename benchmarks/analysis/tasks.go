package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-offload/lambda/benchmarks/record"
)

// TaskStart is the median time from the intended start of a request to the start
// of its first task; zero if no task ever ended.
func (c *Cell) TaskStart() time.Duration {
	return c.taskTime(firstStart)
}

func firstStart(t []record.Task) int64 {
	return slices.MinFunc(t, func(a, b record.Task) int { return cmp.Compare(a.StartNS, b.StartNS) }).StartNS
}

// TaskEnd is the median time from the intended start of a request to the end of
// its last task; zero if no task ever ended.
func (c *Cell) TaskEnd() time.Duration {
	return c.taskTime(lastEnd)
}

func lastEnd(t []record.Task) int64 {
	return slices.MaxFunc(t, func(a, b record.Task) int { return cmp.Compare(a.EndNS, b.EndNS) }).EndNS
}

func (c *Cell) taskTime(of func([]record.Task) int64) time.Duration {
	var all []time.Duration
	for i := range c.Requests {
		if q := &c.Requests[i]; len(q.Tasks) > 0 {
			all = append(all, time.Duration(of(q.Tasks)-q.IntendedNS))
		}
	}
	return median(all)
}

// Typical is the request that stands for the cell in a timeline: of those with
// all of their tasks done, the one in the middle by the end of its last task; if
// there is none, the one of median latency. Nil if nothing was answered.
func (c *Cell) Typical() *record.Request {
	var whole, answered []*record.Request
	for i := range c.Requests {
		q := &c.Requests[i]
		if _, ok := q.Latency(); !ok || len(q.Invocations) == 0 || cold(q) {
			continue
		}
		answered = append(answered, q)
		if c.Workload.Tasks > 0 && doneTasks(q) >= c.Workload.Tasks {
			whole = append(whole, q)
		}
	}
	// Losing tasks is what is typical if most are lost.
	if 2*c.TasksLost < c.TasksDue && len(whole) > 0 {
		slices.SortStableFunc(whole, func(a, b *record.Request) int {
			return cmp.Compare(lastEnd(a.Tasks)-a.IntendedNS, lastEnd(b.Tasks)-b.IntendedNS)
		})
		return whole[len(whole)/2]
	}
	if len(answered) == 0 {
		return nil
	}
	slices.SortStableFunc(answered, func(a, b *record.Request) int {
		return cmp.Compare(a.DoneNS-a.IntendedNS, b.DoneNS-b.IntendedNS)
	})
	return answered[len(answered)/2]
}

func cold(q *record.Request) bool {
	return slices.ContainsFunc(q.Invocations, func(i record.Invocation) bool { return i.Cold })
}

// failedTasks counts tasks that had attempts and none that succeeded.
func failedTasks(q *record.Request) int {
	tried := make(map[int]bool)
	for _, t := range q.Tasks {
		tried[t.ID] = true
	}
	return len(tried) - doneTasks(q)
}

func doneTasks(q *record.Request) int {
	done := make(map[int]bool)
	for _, t := range q.Tasks {
		if t.Outcome == record.Done {
			done[t.ID] = true
		}
	}
	return len(done)
}
