package cost

import (
	"math"
	"time"
)

// Bounds that keep a mistyped number from taking minutes.
const (
	maxRate     = 1e9
	maxRequests = 1_000_000_000_000_000
	maxTasks    = 10_000
	maxSamples  = 100_000
	maxSteps    = 100_000
	maxRetries  = 1_000
	maxDuration = 24 * time.Hour
	maxBytes    = 1 << 40
	maxMonth    = 366 * 24 * time.Hour
	maxExtras   = 1_000
)

func (w Workload) validate() error {
	for _, check := range []func() error{
		w.validateTraffic, w.validateTasks, w.validatePayloads, w.validateParts, w.validateExtras,
		func() error { return w.Function.validate("Function") },
		func() error { return w.Worker.validate("Worker") },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f Function) validate(name string) error {
	switch {
	case f.MemoryMB < MinMemoryMB || f.MemoryMB > MaxMemoryMB:
		return workloadErrorf("%s.MemoryMB is %d: Lambda takes %d to %d MB", name, f.MemoryMB, MinMemoryMB, MaxMemoryMB)
	case f.Arch != X86 && f.Arch != ARM64:
		return workloadErrorf("%s.Arch is %q: use %q or %q", name, f.Arch, X86, ARM64)
	case f.StorageMB < MinStorageMB || f.StorageMB > MaxStorageMB:
		return workloadErrorf("%s.StorageMB is %d: Lambda takes %d to %d MB", name, f.StorageMB, MinStorageMB, MaxStorageMB)
	case f.Timeout < 0 || f.Timeout > MaxTimeout:
		return workloadErrorf("%s.Timeout is %v: Lambda stops a function after at most %v", name, f.Timeout, MaxTimeout)
	case f.Init < 0 || f.Init > MaxTimeout:
		return workloadErrorf("%s.Init is %v: it cannot be negative or longer than %v", name, f.Init, MaxTimeout)
	}
	return share(name+".ColdStarts", f.ColdStarts)
}

func (w Workload) validateTraffic() error {
	if w.Month < time.Hour || w.Month > maxMonth {
		return workloadErrorf("Month is %v: it must be between an hour and a year", w.Month)
	}
	if w.Requests < 0 || w.Requests > maxRequests {
		return workloadErrorf("Requests is %d: it must be between 0 and %d a month", w.Requests, int64(maxRequests))
	}
	if w.Requests > 0 && len(w.Traffic) > 0 {
		return workloadErrorf("Requests and Traffic are both set: they are two ways to say the same, set one")
	}
	if len(w.Traffic) > maxSteps {
		return workloadErrorf("Traffic has %d steps: at most %d", len(w.Traffic), maxSteps)
	}
	for i, s := range w.Traffic {
		if s.For < time.Second || s.For > maxMonth {
			return workloadErrorf("Traffic[%d].For is %v: a step lasts between a second and a year", i, s.For)
		}
		if !(s.Rate >= 0 && s.Rate <= maxRate) {
			return workloadErrorf("Traffic[%d].Rate is %v: it must be between 0 and %g requests a second", i, s.Rate, float64(maxRate))
		}
	}
	return nil
}

func (w Workload) validateTasks() error {
	for _, list := range []struct {
		name string
		d    []time.Duration
	}{{"Handler", w.Handler}, {"Task", w.Task}} {
		if len(list.d) > maxSamples {
			return workloadErrorf("%s has %d samples: at most %d, take every n-th of a longer file", list.name, len(list.d), maxSamples)
		}
		for i, d := range list.d {
			if d < 0 || d > maxDuration {
				return workloadErrorf("%s[%d] is %v: a duration is between 0 and %v", list.name, i, d, maxDuration)
			}
		}
	}
	switch {
	case w.Tasks < 0 || w.Tasks > maxTasks:
		return workloadErrorf("Tasks is %d: a request defers between 0 and %d", w.Tasks, maxTasks)
	case w.AtOnce < 1 || w.AtOnce > maxTasks:
		return workloadErrorf("AtOnce is %d: between 1 and %d tasks run at once, 0 means all", w.AtOnce, maxTasks)
	case w.Retries < 0 || w.Retries > maxRetries:
		return workloadErrorf("Retries is %d: it must be between 0 and %d", w.Retries, maxRetries)
	case w.RetryWait < 0 || w.RetryWait > maxDuration:
		return workloadErrorf("RetryWait is %v: it must be between 0 and %v", w.RetryWait, maxDuration)
	}
	if err := share("FailureRate", w.FailureRate); err != nil {
		return err
	}
	return share("Spill", w.Spill)
}

func (w Workload) validatePayloads() error {
	for _, size := range []struct {
		name string
		n    int64
	}{
		{"RequestBytes", w.RequestBytes},
		{"ResponseBytes", w.ResponseBytes},
		{"TaskBytes", w.TaskBytes},
		{"Logs.Invocation", w.Logs.Invocation},
		{"Logs.Handler", w.Logs.Handler},
		{"Logs.Task", w.Logs.Task},
	} {
		if size.n < 0 || size.n > maxBytes {
			return workloadErrorf("%s is %d: it must be between 0 and 1 TiB", size.name, size.n)
		}
	}
	return nil
}

func (w Workload) validateParts() error {
	switch {
	case w.Front != FunctionURL && w.Front != HTTPAPI && w.Front != RESTAPI:
		return workloadErrorf("Front is %q: use %q, %q or %q", w.Front, FunctionURL, HTTPAPI, RESTAPI)
	case w.Handoff.Call < 0 || w.Handoff.Call > MaxTimeout:
		return workloadErrorf("Handoff.Call is %v: it must be between 0 and %v", w.Handoff.Call, MaxTimeout)
	case w.Handoff.AtOnce < 1 || w.Handoff.AtOnce > maxTasks:
		return workloadErrorf("Handoff.AtOnce is %d: it must be between 1 and %d, 0 means 10", w.Handoff.AtOnce, maxTasks)
	case w.Queue.Batch < 1 || w.Queue.Batch > maxBatch(w.Queue.FIFO):
		return workloadErrorf("Queue.Batch is %d: an event source mapping takes 1 to %d messages", w.Queue.Batch, maxBatch(w.Queue.FIFO))
	case w.Queue.Pollers < 1 || w.Queue.Pollers > 1000:
		return workloadErrorf("Queue.Pollers is %d: it must be between 1 and 1000, 0 means 5", w.Queue.Pollers)
	case !(w.Queue.EPUHours >= 0 && w.Queue.EPUHours <= maxRate):
		return workloadErrorf("Queue.EPUHours is %v: it must be between 0 and %g", w.Queue.EPUHours, float64(maxRate))
	case w.Provisioned.Environments < 0 || w.Provisioned.Environments > 1_000_000:
		return workloadErrorf("Provisioned.Environments is %d: it must be between 0 and a million", w.Provisioned.Environments)
	case w.Provisioned.For < 0 || w.Provisioned.For > w.Month:
		return workloadErrorf("Provisioned.For is %v: it must be between 0 and the month of %v", w.Provisioned.For, w.Month)
	}
	return nil
}

func (w Workload) validateExtras() error {
	if len(w.Extras) > maxExtras {
		return workloadErrorf("there are %d Extras: at most %d", len(w.Extras), maxExtras)
	}
	for i, x := range w.Extras {
		switch x.Per {
		case PerMonth, PerRequest, PerTask, PerFailedTask:
		default:
			return workloadErrorf("Extras[%d].Per is %q: use %q, %q, %q or %q", i, x.Per, PerMonth, PerRequest, PerTask, PerFailedTask)
		}
		if !(x.Count >= 0 && x.Count <= maxRate) {
			return workloadErrorf("Extras[%d].Count is %v: it must be between 0 and %g", i, x.Count, float64(maxRate))
		}
		if x.Price.v.sign() < 0 {
			return workloadErrorf("Extras[%d].Price is %v: a price is not negative", i, x.Price)
		}
	}
	return nil
}

func share(name string, f float64) error {
	if math.IsNaN(f) || f < 0 || f > 1 {
		return workloadErrorf("%s is %v: a share is between 0 and 1", name, f)
	}
	return nil
}

// maxBatch is the limit of an SQS event source mapping (Lambda developer guide,
// "Using Lambda with Amazon SQS").
func maxBatch(fifo bool) int {
	if fifo {
		return 10
	}
	return 10_000
}
