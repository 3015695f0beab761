package cost

import "time"

// Bounds of a function, from the quotas page of the Lambda developer guide.
const (
	MinMemoryMB  = 128
	MaxMemoryMB  = 10240
	MinStorageMB = 512
	MaxStorageMB = 10240
	MaxTimeout   = 15 * time.Minute
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
