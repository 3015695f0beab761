package cost

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Durability is what has to become of a task that was accepted.
type Durability int

// From weakest to strongest. Contestants that lose tasks in normal operation
// meet none of them.
const (
	// AtMostOnce: a task may be lost when it fails for good, when time runs out,
	// or with its environment.
	AtMostOnce Durability = iota
	// KeepsFailures: a task that fails for good or would not finish in time ends
	// in a queue. One that dies with its environment (SIGKILL, out of memory) may
	// still be lost.
	KeepsFailures
	// SurvivesCrash: when the client has its response, the task is done or
	// stored outside the environment.
	SurvivesCrash
)

// lost says what happens to tasks below a level.
func (d Durability) lost() string {
	if d == SurvivesCrash {
		return "an accepted task can be lost with its environment"
	}
	return "a task that fails for good is lost"
}

// durability is what a contestant promises.
func (c Contestant) durability() Durability {
	switch c {
	case Inline, APIGatewayAsync, Invoke, SQS:
		return SurvivesCrash
	case SQSAfter, ExtensionSQS:
		return KeepsFailures
	default:
		return AtMostOnce
	}
}

// Needs are what a choice has to respect. The zero value asks for nothing but
// that tasks are run.
type Needs struct {
	Durability Durability
	// P99 is how long 99 % of responses may take inside Lambda, without network
	// and queues; 0 = no limit. Retries are not counted.
	P99 time.Duration
	// Ordered asks for tasks to run in the order of the requests.
	Ordered bool
	// AnyResponse accepts a fixed 202 instead of the handler's answer.
	AnyResponse bool
	// Concurrency is how many environments may be reserved for the function and
	// its worker together; 0 = 1,000, the default quota of an account.
	Concurrency int
}

// Option is one contestant held against the needs.
type Option struct {
	Contestant Contestant    `json:"contestant"`
	Bill       Bill          `json:"bill"` // empty if the workload is not possible
	Capacity   Capacity      `json:"capacity"`
	P99        time.Duration `json:"p99"` // of the response, nanoseconds in JSON; 0 for APIGatewayAsync
	// Against are the needs that it does not meet, in words; empty = it meets
	// them all.
	Against []string `json:"against,omitempty"`
}

// Meets reports whether the option meets every need.
func (o Option) Meets() bool { return len(o.Against) == 0 }

// possible reports whether Lambda can carry the workload at all this way.
func (o Option) possible() bool { return o.Bill.Contestant != "" }

// Advice is the answer of Recommend.
type Advice struct {
	Best Option `json:"best"`
	// Options are all contestants: those that meet the needs first, the cheapest
	// at the top, then the others, those that Lambda cannot carry last.
	Options []Option `json:"options"`
	// BreakEvens are the points at which another of the contestants that meet
	// the needs becomes the cheapest, around the given workload.
	BreakEvens []Crossing `json:"breakEvens"`
	// Reasons are the choice in sentences.
	Reasons []string `json:"reasons"`
}

// Recommend returns the cheapest contestant that meets the needs. Of equally
// cheap ones the one with the fastest response wins, then the first in the order
// of Contestants. With ErrNoneMeets the
// Advice still holds the options and what is against each. Other errors are
// those of Estimate.
func Recommend(w Workload, n Needs, p Prices) (Advice, error) {
	if n.Ordered {
		w.Queue.FIFO = true
		w.Queue.Batch = min(w.Queue.Batch, maxBatch(true))
	}
	if n.P99 < 0 || n.Concurrency < 0 || n.Durability < AtMostOnce || n.Durability > SurvivesCrash {
		return Advice{}, workloadErrorf("Needs are %+v: P99 and Concurrency cannot be negative, Durability is one of the constants", n)
	}
	if n.Concurrency == 0 {
		n.Concurrency = defaultQuota
	}
	full, err := w.normal()
	if err != nil {
		return Advice{}, err
	}
	clk := newClock(full)
	var a Advice
	for _, c := range contestants {
		o, err := weigh(full, c, n, p, clk)
		if err != nil {
			return Advice{}, err
		}
		a.Options = append(a.Options, o)
	}
	slices.SortStableFunc(a.Options, func(x, y Option) int {
		if x.Meets() != y.Meets() {
			if x.Meets() {
				return -1
			}
			return 1
		}
		if xp, yp := x.possible(), y.possible(); xp != yp {
			if xp {
				return -1
			}
			return 1
		}
		return cmp.Or(x.Bill.Total().Cmp(y.Bill.Total()), cmp.Compare(x.P99, y.P99))
	})
	if !a.Options[0].Meets() {
		return a, fmt.Errorf("%w: %s", ErrNoneMeets, against(a.Options))
	}
	a.Best = a.Options[0]
	if a.BreakEvens, err = around(w, full.monthly(), a.Options, p); err != nil {
		return Advice{}, err
	}
	a.Reasons = reasons(full, a)
	return a, nil
}

// weigh prices one contestant and lists what is against it.
func weigh(w Workload, c Contestant, n Needs, p Prices, clk *clock) (Option, error) {
	o := Option{Contestant: c}
	bill, err := estimate(w, c, p, clk)
	if errors.Is(err, ErrImpossible) {
		o.Against = obstacles(w, c, clk)
		return o, nil
	}
	if err != nil {
		return o, err
	}
	o.Bill, o.Capacity = bill, capacity(w, c, clk)
	no := func(format string, args ...any) { o.Against = append(o.Against, fmt.Sprintf(format, args...)) }

	if c == Goroutine && w.Tasks > 0 {
		no("it loses tasks: they freeze with the environment")
	} else if c.durability() < n.Durability {
		o.Against = append(o.Against, n.Durability.lost())
	}
	if n.Ordered && c != SQS && c != SQSAfter {
		no("it does not keep the order across requests; a FIFO queue does")
	}
	if c == APIGatewayAsync {
		if !n.AnyResponse {
			no("the client needs the handler's answer and would get a fixed 202")
		}
	} else {
		o.P99 = clk.quantile(0.99, frontShape(w, c).before, w.Function.ColdStarts, w.Function.Init)
		if n.P99 > 0 && o.P99 > n.P99 {
			no("99 %% of responses take up to %v, the limit is %v", round(o.P99), n.P99)
		}
	}
	if busy := o.Capacity.Concurrency(); busy > n.Concurrency {
		no("it needs a concurrency of %d, there are %d", busy, n.Concurrency)
	}
	return o, nil
}

// around looks for break-even points over the ranges in which a workload like
// this one may move: a hundredth to a hundred times its requests, any memory,
// any task that one invocation can run.
func around(w Workload, monthly rat, options []Option, p Prices) ([]Crossing, error) {
	var among []Contestant
	for _, o := range options {
		if o.Meets() {
			among = append(among, o.Contestant)
		}
	}
	if len(among) < 2 {
		return nil, nil
	}
	// Between equally cheap ones the fastest response wins, as in the choice.
	slices.SortStableFunc(among, func(x, y Contestant) int {
		return cmp.Compare(find(options, x).P99, find(options, y).P99)
	})
	n := int64(monthly.float())
	var all []Crossing
	for _, r := range []struct {
		vary     Parameter
		from, to int64
	}{
		{TaskDuration, 1, TaskDuration.max},
		{Memory, Memory.min, Memory.max},
		{RequestsPerMonth, n / 100, min(max(n, 1)*100, RequestsPerMonth.max)},
	} {
		found, err := crossings(w, among, p, r.vary, r.from, r.to)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func find(options []Option, c Contestant) Option {
	return options[slices.IndexFunc(options, func(o Option) bool { return o.Contestant == c })]
}

func reasons(w Workload, a Advice) []string {
	best := a.Best
	out := []string{fmt.Sprintf("%s costs %s a month: the cheapest of those that meet the needs, at %s MB and %s requests a month.",
		best.Contestant, best.Bill.Total(), grouped(w.Function.MemoryMB), grouped(Quantity{w.monthly()}))}
	for _, o := range a.Options[1:] {
		switch {
		case !o.Meets():
			out = append(out, fmt.Sprintf("%s is out: %s.", o.Contestant, strings.Join(o.Against, "; ")))
		case o.Bill.Total().Cmp(best.Bill.Total()) == 0:
			out = append(out, fmt.Sprintf("%s costs the same.", o.Contestant))
		default:
			out = append(out, fmt.Sprintf("%s costs %s more.", o.Contestant, o.Bill.Total().Sub(best.Bill.Total())))
		}
	}
	if front := best.Capacity.Front; front.Peak > 0 {
		out = append(out, fmt.Sprintf("It keeps %.3g environments busy at the peak; reserve %d.", front.Peak+best.Capacity.Worker.Peak, best.Capacity.Concurrency()))
	}
	for _, c := range a.BreakEvens {
		s := c.String()
		out = append(out, strings.ToUpper(s[:1])+s[1:]+".")
	}
	return out
}

// against is what speaks against each option, for an error message.
func against(options []Option) string {
	lines := make([]string, len(options))
	for i, o := range options {
		lines[i] = fmt.Sprintf("%s (%s)", o.Contestant, strings.Join(o.Against, "; "))
	}
	return strings.Join(lines, ", ")
}
