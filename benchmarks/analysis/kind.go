package analysis

import (
	"cmp"
	"slices"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
)

// ran is an invocation with the attempts that ran in it.
type ran struct {
	invocation *record.Invocation
	tasks      []record.Task
}

// kind is invocations of one kind, in the order of their durations.
type kind []ran

// trim is the share of a kind that is left out at either end: a machine that hangs
// for a moment is not what is asked about.
const trim = 0.25

// middle is the kind without its fastest and its slowest quarter.
func (k kind) middle() kind {
	n := int(trim * float64(len(k)))
	return k[n : len(k)-n]
}

// kinds sorts the invocations of the cell. Those of one function that ran as many
// attempts and served as many requests are of one kind: with a retry or a larger
// batch they take longer for a reason.
func (c *Cell) kinds() []kind {
	type key struct {
		function           string
		attempts, requests int
	}
	sorted := make(map[key]kind)
	var order []key
	c.each(func(q *record.Request, one ran) {
		v := one.invocation
		k := key{v.Function, len(one.tasks), max(1, v.Requests)}
		if c.Contestant == cost.Goroutine { // which waits for none of them
			k.attempts = 0
		}
		if sorted[k] == nil {
			order = append(order, k)
		}
		sorted[k] = append(sorted[k], one)
	})
	out := make([]kind, len(order))
	for i, k := range order {
		slices.SortStableFunc(sorted[k], func(a, b ran) int { return cmp.Compare(a.invocation.DurationMS, b.invocation.DurationMS) })
		out[i] = sorted[k]
	}
	return out
}

// each goes through the invocations in the order of the requests. The attempts of an
// invocation may be of others' requests, if a batch had their messages. Lambda repeats an asynchronous
// invocation under the same request ID, so the time says which ran in it.
func (c *Cell) each(f func(*record.Request, ran)) {
	all := make(map[string][]record.Task)
	for i := range c.Requests {
		for _, t := range c.Requests[i].Tasks {
			all[t.RequestID] = append(all[t.RequestID], t)
		}
	}
	for i := range c.Requests {
		q := &c.Requests[i]
		for k := range q.Invocations {
			v := &q.Invocations[k]
			tasks := slices.DeleteFunc(slices.Clone(all[v.RequestID]), func(t record.Task) bool {
				return t.StartNS < v.StartNS || t.EndNS > v.FrozeNS
			})
			f(q, ran{v, tasks})
		}
	}
}
