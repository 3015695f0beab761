package workload

import (
	"fmt"
	"math"

	"github.com/go-offload/lambda/benchmarks/cost"
)

// Check says what is wrong with a workload; the error wraps ErrWorkload.
func (w *Workload) Check() error {
	if !name.MatchString(w.Name) || len(w.Name) > 40 {
		return fmt.Errorf("%w: the name %q: use up to 40 lower case letters, digits and single dashes", ErrWorkload, w.Name)
	}
	if err := w.Load.check(); err != nil {
		return fmt.Errorf("%w %s: %w", ErrWorkload, w.Name, err)
	}
	const maxMS, maxBytes = 900_000, 6 << 20
	for _, bound := range []struct {
		field         string
		value, lo, hi int
	}{
		{"handler.wait_ms", w.Handler.WaitMS, 0, maxMS},
		{"handler.cpu_ms", w.Handler.CPUMS, 0, maxMS},
		{"task.wait_ms", w.Task.WaitMS, 0, maxMS},
		{"task.cpu_ms", w.Task.CPUMS, 0, maxMS},
		{"rounds", w.Rounds, 0, 1000},
		{"tasks", w.Tasks, 0, 1000},
		{"at_once", w.AtOnce, 0, 1000},
		{"fail_one_in", w.FailOneIn, 0, 1000},
		{"attempts", w.Attempts, 0, 10},
		{"retry_wait_ms", w.RetryWaitMS, 0, 10_000},
		{"batch", w.Batch, 0, 10},
		{"worker_concurrency", w.WorkerConcurrency, 0, 1000},
		{"request_bytes", w.RequestBytes, 0, maxBytes},
		{"response_bytes", w.ResponseBytes, 0, maxBytes},
		{"task_bytes", w.TaskBytes, 0, 1 << 20},
		{"memory_mb", w.MemoryMB, cost.MinMemoryMB, cost.MaxMemoryMB},
		{"timeout_ms", w.TimeoutMS, 1, maxMS},
		{"deadline_ms", w.DeadlineMS, 0, maxMS},
	} {
		if bound.value < bound.lo || bound.value > bound.hi {
			return fmt.Errorf("%w %s: %s is %d, want %d to %d", ErrWorkload, w.Name, bound.field, bound.value, bound.lo, bound.hi)
		}
	}
	for _, c := range w.Contestants {
		if _, err := cost.ParseContestant(string(c)); err != nil {
			return fmt.Errorf("%w %s: contestants: %w", ErrWorkload, w.Name, err)
		}
	}
	for c := range w.Skip {
		if _, err := cost.ParseContestant(string(c)); err != nil {
			return fmt.Errorf("%w %s: skip: %w", ErrWorkload, w.Name, err)
		}
	}
	for c, n := range w.RoundsOf {
		if _, err := cost.ParseContestant(string(c)); err != nil {
			return fmt.Errorf("%w %s: rounds_of: %w", ErrWorkload, w.Name, err)
		}
		if n < 1 || n > 100 {
			return fmt.Errorf("%w %s: rounds_of of %s is %d, want 1 to 100", ErrWorkload, w.Name, c, n)
		}
	}
	return nil
}

func (l Load) check() error {
	const maxRate, maxRequests = 1000, 100_000
	rated := func(field string, rate float64) error {
		if math.IsNaN(rate) || rate <= 0 || rate > maxRate {
			return fmt.Errorf("load.%s is %v requests a second, want more than 0 and at most %d", field, rate, maxRate)
		}
		return nil
	}
	if err := rated("rate", l.Rate); err != nil {
		return err
	}
	switch l.Shape {
	case Constant, Burst:
		if l.To != 0 {
			return fmt.Errorf("load.to is for the shape %q", Ramp)
		}
	case Ramp:
		if err := rated("to", l.To); err != nil {
			return err
		}
	default:
		return fmt.Errorf("load.shape is %q, want %q, %q or %q", l.Shape, Constant, Ramp, Burst)
	}
	if l.Requests < 1 || l.Requests > maxRequests || l.Warmup < 0 || l.Warmup > maxRequests {
		return fmt.Errorf("load.requests is %d and load.warmup %d, want 1 (0) to %d", l.Requests, l.Warmup, maxRequests)
	}
	return nil
}
