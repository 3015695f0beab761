package record

import (
	"time"

	"github.com/go-offload/lambda/benchmarks/workload"
)

// Format is the version of the file format that this package writes, and the
// only one that it reads.
const Format = 1

// Line is *Run, *Workload, *Request or *Round.
type Line interface{ kind() string }

// Run is the first line of a file.
type Run struct {
	Format  int       `json:"format"`
	Started time.Time `json:"started"`
	Machine Machine   `json:"machine"`
	// LoadAverage is how many processes wanted a processor in the minute before the
	// run began; with one core's worth or more the latencies show it. 0 if unknown.
	LoadAverage float64  `json:"load_average,omitempty"`
	Go          string   `json:"go"`
	Commit      string   `json:"commit,omitempty"` // of the repository, "-dirty" appended if files were changed
	Command     []string `json:"command"`          // what reproduces the file, from the root of the repository
	Network     Network  `json:"network"`
	Target      string   `json:"target"` // "local" (lambdatest) or "aws"
	Seed        uint64   `json:"seed"`   // of the order of contestants and of modelled delays
	Rounds      int      `json:"rounds"` // measured rounds planned for each workload and contestant, unless the workload has its own number
	Quick       bool     `json:"quick,omitempty"`
	// Contestants in the order of the reports; a workload may leave some out.
	Contestants []string `json:"contestants"`
}

func (*Run) kind() string { return "run" }

// Machine is where the load came from and, unless the target is AWS, where the
// functions ran.
type Machine struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	CPU      string `json:"cpu,omitempty"` // model name; empty if unknown
	Cores    int    `json:"cores"`
	MemoryMB int    `json:"memory_mb,omitempty"`
	Kernel   string `json:"kernel,omitempty"`
	Awake    bool   `json:"awake,omitempty"` // idle processors were kept from sleeping
}

// Network is what was added to the remote calls.
type Network struct {
	Profile string  `json:"profile"`          // "loopback" (nothing added), "aws" (modelled), or "real"
	Delays  []Delay `json:"delays,omitempty"` // what the profile adds
}

// Delay is a distribution of added latency: log-normal with this median and 99th
// percentile.
type Delay struct {
	Call   string  `json:"call"`
	P50MS  float64 `json:"p50_ms"`
	P99MS  float64 `json:"p99_ms"`
	Source string  `json:"source"` // where the numbers come from, or why they were chosen
}

// Workload is a workload as it was run.
type Workload struct {
	workload.Workload
}

func (*Workload) kind() string { return "workload" }

// Request is one request of the client and everything it set off.
type Request struct {
	Workload   string `json:"workload"`
	Contestant string `json:"contestant"` // a cost.Contestant
	Round      int    `json:"round"`      // from 1
	Warmup     bool   `json:"warmup,omitempty"`
	Seq        int    `json:"seq"` // in the round, from 0

	// Latency counts from the intended start: a client that is held up by a slow
	// answer does not hide the wait of the requests behind it.
	IntendedNS  int64 `json:"intended_ns"`
	SentNS      int64 `json:"sent_ns"`
	FirstByteNS int64 `json:"first_byte_ns"`
	DoneNS      int64 `json:"done_ns"` // last byte of the response; 0 = it never came

	Status int    `json:"status"`          // of HTTP; 0 = no answer
	Error  string `json:"error,omitempty"` // why there is no usable answer

	Tasks       []Task       `json:"tasks,omitempty"`       // attempts, in the order of their start; a task that never ended is missing
	Invocations []Invocation `json:"invocations,omitempty"` // of the front function first
	Queue       *Queue       `json:"queue,omitempty"`       // its own sends, and a receive and a delete for each invocation above that a queue fed

	// Modelled: some of the times contain a delay that was added, not measured.
	Modelled bool `json:"modelled,omitempty"`
}

func (*Request) kind() string { return "request" }

// Latency is the time from the intended start to the last byte, and whether
// there was a successful answer.
func (r *Request) Latency() (time.Duration, bool) {
	return time.Duration(r.DoneNS - r.IntendedNS), r.DoneNS != 0 && r.Error == "" && r.Status >= 200 && r.Status < 300
}

// Outcomes of an attempt.
const (
	Done   = "done"
	Failed = "failed"
)

// Task is one attempt of a task that came to its end.
type Task struct {
	ID          int    `json:"id"` // in its request, from 0
	StartNS     int64  `json:"start_ns"`
	EndNS       int64  `json:"end_ns"`
	RequestID   string `json:"request_id"` // the invocation that started it
	Environment string `json:"environment"`
	Attempt     int    `json:"attempt"` // from 1, counted in the place that runs it
	Outcome     string `json:"outcome"` // Done or Failed
}

// Functions of an Invocation.
const (
	Handler = "handler" // the function that the client reaches
	Worker  = "worker"  // the function that runs tasks that were sent
)

// Invocation is one invocation of a function and what Lambda reported of it. One
// that served several requests (a batch of a queue) is listed once, with the
// request whose task it ended first: sums over a round are exact.
type Invocation struct {
	RequestID   string `json:"request_id"`
	Function    string `json:"function"` // Handler or Worker
	Environment string `json:"environment"`
	Cold        bool   `json:"cold,omitempty"`
	Requests    int    `json:"requests,omitempty"` // how many requests it served, if more than one

	StartNS        int64 `json:"start_ns"`                   // the environment got the event
	HandlerStartNS int64 `json:"handler_start_ns,omitempty"` // the handler's own clock; 0 in a worker
	HandlerEndNS   int64 `json:"handler_end_ns,omitempty"`
	ResponseNS     int64 `json:"response_ns,omitempty"` // last byte of the response from the runtime
	FrozeNS        int64 `json:"froze_ns,omitempty"`    // everything had asked for its next event

	InitMS        float64 `json:"init_ms,omitempty"`
	DurationMS    float64 `json:"duration_ms"`
	BilledMS      int64   `json:"billed_ms"` // includes InitMS
	PostRuntimeMS float64 `json:"post_runtime_ms,omitempty"`
	MemoryMB      int     `json:"memory_mb,omitempty"` // most memory used
	Status        string  `json:"status"`              // success, error or timeout

	Sends []Send `json:"sends,omitempty"` // its calls to a queue, or asynchronous Invokes, in the order of their start
}

// Send is one call that sent tasks elsewhere.
type Send struct {
	StartNS  int64 `json:"start_ns"`
	EndNS    int64 `json:"end_ns"`
	Messages int   `json:"messages"`
	Failed   bool  `json:"failed,omitempty"` // in part or as a whole
}

// Queue counts API requests to SQS. A batch is one; what is billed is one for
// each 64 KB begun of a request's payload.
type Queue struct {
	Send             int `json:"send,omitempty"`
	Receive          int `json:"receive,omitempty"` // idle polls included
	EmptyReceive     int `json:"empty_receive,omitempty"`
	Delete           int `json:"delete,omitempty"`
	ChangeVisibility int `json:"change_visibility,omitempty"`
	Messages         int `json:"messages,omitempty"` // sent
}

// Fleet is what one function used in a round.
type Fleet struct {
	Invocations      int     `json:"invocations"`
	ColdStarts       int     `json:"cold_starts"`
	Environments     int     `json:"environments"`      // different ones that took an event
	PeakEnvironments int     `json:"peak_environments"` // busy at the same time, at most
	MeanEnvironments float64 `json:"mean_environments"` // busy on average, from the first event to the last
	BilledMS         int64   `json:"billed_ms"`
	Throttled        int     `json:"throttled,omitempty"`
}

// Round is the last line of a round.
type Round struct {
	Workload   string `json:"workload"`
	Contestant string `json:"contestant"`
	Round      int    `json:"round"`
	Warmup     bool   `json:"warmup,omitempty"` // a warm-up round: all of its requests are
	StartNS    int64  `json:"start_ns"`
	LoadEndNS  int64  `json:"load_end_ns"` // the last response or failure
	EndNS      int64  `json:"end_ns"`      // everything frozen, or given up

	Requests  int `json:"requests"`
	Errors    int `json:"errors"`
	TasksDue  int `json:"tasks_due"`  // of requests that were answered with success
	TasksDone int `json:"tasks_done"` // different tasks with an attempt that is Done
	TasksLost int `json:"tasks_lost"` // due, and not done when the round was given up

	Handler  Fleet  `json:"handler"`
	Worker   *Fleet `json:"worker,omitempty"`
	Queue    *Queue `json:"queue,omitempty"`
	Modelled bool   `json:"modelled,omitempty"`
}

func (*Round) kind() string { return "round" }
