package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
)

// Predict is what Check gives the model for one contestant. From its own rounds: how
// long its function took to the response, and how long its sends and its tasks took.
// A machine is never as fast twice, and the model is not about machines. From all
// contestants with nothing left to do after the response: how long Lambda and the
// runtime take from there to the freeze. The rest is for the model to say: what
// runs behind a response, what of it all is billed, and what batches, retries and
// the rounding to milliseconds make of it.
//
// The duration of the handler is that to the response and on to the freeze, without
// sends and tasks; that of a task is a worker's whole invocation where tasks run in
// one. What a contestant does not show is as with inline's durations: on AWS nobody
// is told when a response left. Errors are those of Model.
func (r *Results) Predict(name string, contestant cost.Contestant) (cost.Workload, error) {
	w, err := r.fromInline(name, contestant)
	if err != nil {
		return w, err
	}
	c := r.Cell(name, contestant)
	if c == nil {
		return w, nil
	}
	d := r.durations(c, w)
	for _, k := range c.kinds() {
		for _, one := range k.middle() {
			d.add(one)
		}
	}
	return d.into(w, few), nil
}

// fromInline is what Model says of a contestant. Where a worker's invocation runs the
// tasks, the share of Lambda and the runtime in it is the one that inline's
// invocations show.
func (r *Results) fromInline(name string, c cost.Contestant) (cost.Workload, error) {
	w, err := r.Model(name)
	if err != nil {
		return w, err
	}
	switch c {
	case cost.Invoke, cost.SQS, cost.SQSAfter:
		overhead := r.Cell(name, cost.Inline).overhead()
		task := make([]time.Duration, len(w.Task))
		for i, d := range w.Task {
			task[i] = d + overhead
		}
		w.Task = task
	default:
	}
	return w, nil
}

// overhead is the median time of an invocation outside of handler and tasks.
func (c *Cell) overhead() time.Duration {
	var all []time.Duration
	for i := range c.Requests {
		q := &c.Requests[i]
		if len(q.Invocations) != 1 || q.Invocations[0].Cold || len(q.Tasks) == 0 || retried(q.Tasks) {
			continue
		}
		v := &q.Invocations[0]
		all = append(all, lasted(v)-time.Duration(v.HandlerEndNS-v.HandlerStartNS)-work(q.Tasks))
	}
	return max(0, median(all))
}

func lasted(v *record.Invocation) time.Duration {
	return time.Duration(v.DurationMS * float64(time.Millisecond))
}

// durations are a contestant's own.
type durations struct {
	contestant cost.Contestant
	workload   cost.Workload
	closing    time.Duration // from the response to the freeze, with nothing left to do

	handler, task, send []time.Duration
}

func (r *Results) durations(c *Cell, w cost.Workload) *durations {
	return &durations{contestant: c.Contestant, workload: w, closing: r.closing(c.Workload.Name)}
}

// closing is the time from the response of a front function's invocation to its end,
// for those contestants who have nothing left to do then: the median of their
// medians, so that who has more requests has no more to say.
func (r *Results) closing(name string) time.Duration {
	var medians []time.Duration
	for _, c := range r.Of(name) {
		if !slices.Contains([]cost.Contestant{cost.Inline, cost.Goroutine, cost.APIGatewayAsync, cost.Invoke, cost.SQS}, c.Contestant) {
			continue
		}
		var own []time.Duration
		c.each(func(_ *record.Request, one ran) {
			if answered, ok := toResponse(one.invocation); ok && one.invocation.Function == record.Handler {
				own = append(own, max(0, lasted(one.invocation)-answered))
			}
		})
		if len(own) > 0 {
			medians = append(medians, median(own))
		}
	}
	return median(medians)
}

// toResponse is how long an invocation took to its response, and whether that is
// known.
func toResponse(v *record.Invocation) (time.Duration, bool) {
	return time.Duration(v.ResponseNS - v.StartNS), v.ResponseNS > v.StartNS && v.Status == "success"
}

// add takes one invocation in. Those with retries are left out: the model has its
// own way to them.
func (d *durations) add(one ran) {
	v, tasks, c := one.invocation, one.tasks, d.contestant
	answered, ok := toResponse(v)
	if !ok || retried(tasks) {
		return
	}
	if v.Function == record.Worker {
		if c != cost.ExtensionSQS { // there it is the exception
			d.task = append(d.task, answered+d.closing)
		}
		return
	}
	if len(v.Sends) > 0 && c != cost.ExtensionSQS {
		whole, call := sendTime(v.Sends)
		d.send = append(d.send, call)
		if c != cost.SQSAfter {
			answered -= whole
		}
	}
	if runsTasks(c) && d.workload.Tasks > 0 {
		if len(tasks) < d.workload.Tasks {
			return
		}
		busy := work(tasks)
		if c == cost.Inline || c == cost.APIGatewayAsync {
			answered -= busy
		}
		d.task = append(d.task, busy/time.Duration(rounds(d.workload)))
	}
	d.handler = append(d.handler, max(0, answered+d.closing))
}

// runsTasks reports whether the invocation of the handler lasts until its tasks are
// done.
func runsTasks(c cost.Contestant) bool {
	switch c {
	case cost.Goroutine, cost.Invoke, cost.SQS, cost.SQSAfter:
		return false
	default:
		return true
	}
}

// sendTime is how long an invocation's sends take together, and one of them if so
// many are made at a time as the library makes.
func sendTime(sends []record.Send) (whole, one time.Duration) {
	first := slices.MinFunc(sends, func(a, b record.Send) int { return cmp.Compare(a.StartNS, b.StartNS) }).StartNS
	last := slices.MaxFunc(sends, func(a, b record.Send) int { return cmp.Compare(a.EndNS, b.EndNS) }).EndNS
	turns := (len(sends) + sendsAtOnce - 1) / sendsAtOnce
	whole = time.Duration(last - first)
	return whole, whole / time.Duration(turns)
}

// sendsAtOnce is how many calls the library makes at the same time.
const sendsAtOnce = 10

// into gives a workload these durations, as far as there are any.
func (d *durations) into(w cost.Workload, prepare func([]time.Duration) []time.Duration) cost.Workload {
	if len(d.handler) > 0 {
		w.Handler = prepare(d.handler)
	}
	if len(d.task) > 0 {
		w.Task = prepare(d.task)
	}
	if len(d.send) > 0 {
		w.Handoff = cost.Handoff{Call: mean(d.send), AtOnce: sendsAtOnce}
	}
	return w
}

func mean(d []time.Duration) time.Duration {
	var sum time.Duration
	for _, v := range d {
		sum += v
	}
	return sum / time.Duration(max(1, len(d)))
}

// inits are the init phases of a function in one round, in the order in which its
// environments were made.
func (c *Cell) inits(function string, round int) []time.Duration {
	type start struct {
		at   int64
		took time.Duration
	}
	var all []start
	for i := range c.Requests {
		if c.Requests[i].Round != round {
			continue
		}
		for _, v := range c.Requests[i].Invocations {
			if v.Cold && v.Function == function {
				took := time.Duration(v.InitMS * float64(time.Millisecond))
				all = append(all, start{v.StartNS - int64(took), took})
			}
		}
	}
	slices.SortFunc(all, func(a, b start) int { return cmp.Compare(a.at, b.at) })
	out := make([]time.Duration, len(all))
	for i, s := range all {
		out[i] = s.took
	}
	return out
}
