package cost

import (
	"math"
	"time"
)

// Bounds of a workload. Those of Lambda and SQS come from the quotas pages of
// the developer guides; the others keep a mistyped number from taking minutes.
const (
	MinMemoryMB  = 128
	MaxMemoryMB  = 10240
	MinStorageMB = 512
	MaxStorageMB = 10240
	MaxTimeout   = 15 * time.Minute

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

// Arch is a processor architecture.
type Arch string

// The architectures Lambda prices.
const (
	X86   Arch = "x86_64"
	ARM64 Arch = "arm64"
)

// Front is what stands between the client and the function.
type Front string

// What can stand in front of a function.
const (
	// FunctionURL costs nothing by itself. The zero value means this.
	FunctionURL Front = "function-url"
	// HTTPAPI is an API Gateway HTTP API, metered in steps of 512 KB of request
	// and response together.
	HTTPAPI Front = "http-api"
	// RESTAPI is an API Gateway REST API; streamed responses are metered in
	// steps of 10 MB.
	RESTAPI Front = "rest-api"
)

// Step is a stretch of time with one request rate.
type Step struct {
	For  time.Duration
	Rate float64 // requests a second
}

// Constant is traffic at one rate, in requests a second.
func Constant(rate float64) []Step { return []Step{{For: time.Hour, Rate: rate}} }

// Hourly is one hour at each rate, in requests a second: 24 of them make a day.
func Hourly(rates ...float64) []Step {
	steps := make([]Step, len(rates))
	for i, r := range rates {
		steps[i] = Step{For: time.Hour, Rate: r}
	}
	return steps
}

// Function is the configuration of a Lambda function.
type Function struct {
	MemoryMB  int           // 128 to 10,240; required
	Arch      Arch          // empty = X86
	StorageMB int           // ephemeral storage; 0 = the 512 MB that are free
	Timeout   time.Duration // 0 = 15 minutes, the maximum
	// Init is the duration of the init phase, which Lambda bills for every kind
	// of function since 1 August 2025, and ColdStarts the share of invocations
	// that begin with one, 0 to 1.
	Init       time.Duration
	ColdStarts float64
}

// Queue is an SQS queue with its event source mapping.
type Queue struct {
	FIFO bool
	// Batch is how many messages a worker invocation gets; 0 = 1, which is what
	// a quiet queue gives. The mapping waits for more only with a batch window.
	Batch int
	// Pollers is how many long polls of 20 s the mapping keeps open, 1 to 1,000;
	// 0 = 5. They are billed as SQS requests although they are Lambda's.
	Pollers int
	// EPUHours is the number of event poller unit hours a month when the mapping
	// runs in provisioned mode; 0 = on demand.
	EPUHours float64
}

// Handoff is the sending of tasks to a queue or another invocation.
type Handoff struct {
	// Call is how long one Invoke or SendMessageBatch call takes.
	Call time.Duration
	// AtOnce is how many calls of one request run side by side; 0 = 10.
	AtOnce int
}

// Logs are the bytes written to CloudWatch Logs.
type Logs struct {
	Invocation int64 // each invocation of any function: START, END, REPORT
	Handler    int64 // each run of the handler
	Task       int64 // each attempt of a task
}

// Provisioned is provisioned concurrency of the front function. All invocations
// of the workload are taken to fit into it: price the rest of the month as a
// workload of its own. AWS grants no free duration to such functions.
type Provisioned struct {
	Environments int           // 0 = none
	For          time.Duration // rounded up to five minutes
}

// Per is what an Extra counts.
type Per string

// What an Extra can count.
const (
	PerMonth      Per = "month"       // once
	PerRequest    Per = "request"     // each client request
	PerTask       Per = "task"        // each task, however often it is tried
	PerFailedTask Per = "failed-task" // each task that failed for good
)

// Extra is a line whose price the caller knows: an SNS topic, an EventBridge
// bus, an on-failure destination.
type Extra struct {
	Label  string
	Unit   string
	Per    Per
	Count  float64 // units for each
	Price  USD     // of a unit
	Source string
}

// Workload is what one function has to do in a month. Only Function.MemoryMB
// is required. A Workload is read only; it may be shared.
type Workload struct {
	// Requests is the number of requests a month, evenly spread. Traffic is a
	// curve instead, repeated until the month is over. Set at most one.
	Requests int64
	Traffic  []Step
	// Month is how long the month is; 0 = 30 days.
	Month time.Duration

	Function Function
	// Worker is the function that runs tasks sent elsewhere; nil = the same
	// configuration as Function (one binary that is its own worker).
	Worker *Function

	// Handler and Task are durations of the handler without its tasks and of one
	// task. One value is the duration of every invocation; several are equally
	// likely samples, each rounded up to the billed millisecond by itself. The
	// tasks of one request share a sample.
	Handler []time.Duration
	Task    []time.Duration
	// Tasks is how many tasks a request defers. AtOnce is how many run at the
	// same time in one environment; 0 = all.
	Tasks  int
	AtOnce int

	// FailureRate is the share of task attempts that fail, 0 to 1. Retries is
	// how often a failed task is tried again: in process by the contestants that
	// run tasks there, by Lambda for asynchronous invocations (at most twice),
	// by redelivery for a queue. RetryWait is the mean wait before a retry in
	// process, which is billed.
	FailureRate float64
	Retries     int
	RetryWait   time.Duration
	// Spill is the share of tasks that ExtensionSQS hands to the queue because
	// they would not finish in time, on top of those that failed for good.
	Spill float64

	// Sizes in bytes: of the client's request, of the response, and of one task
	// as it travels (the whole envelope).
	RequestBytes  int64
	ResponseBytes int64
	TaskBytes     int64

	Front       Front
	Handoff     Handoff
	Queue       Queue
	Logs        Logs
	Provisioned Provisioned
	Extras      []Extra
}

// normal returns the workload with defaults filled in, or an error that wraps
// ErrWorkload.
func (w Workload) normal() (Workload, error) {
	if w.Month == 0 {
		w.Month = 30 * 24 * time.Hour
	}
	if w.Front == "" {
		w.Front = FunctionURL
	}
	if w.Handoff.AtOnce == 0 {
		w.Handoff.AtOnce = 10
	}
	if w.Queue.Batch == 0 {
		w.Queue.Batch = 1
	}
	if w.Queue.Pollers == 0 {
		w.Queue.Pollers = 5
	}
	if len(w.Handler) == 0 {
		w.Handler = []time.Duration{0}
	}
	if len(w.Task) == 0 {
		w.Task = []time.Duration{0}
	}
	if w.AtOnce == 0 {
		w.AtOnce = maxTasks
	}
	w.Function = w.Function.normal()
	if w.Worker == nil {
		w.Worker = &w.Function
	} else {
		worker := w.Worker.normal()
		w.Worker = &worker
	}
	return w, w.validate()
}

func (f Function) normal() Function {
	if f.Arch == "" {
		f.Arch = X86
	}
	if f.StorageMB == 0 {
		f.StorageMB = MinStorageMB
	}
	if f.Timeout == 0 {
		f.Timeout = MaxTimeout
	}
	return f
}

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
