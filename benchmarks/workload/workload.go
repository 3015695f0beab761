// Package workload describes what the contestants of the benchmark suite are
// measured on: a JSON file each, see the folder standard.
package workload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
)

// ErrWorkload is wrapped by every error about a workload's content.
var ErrWorkload = errors.New("workload")

// Work is what a handler or one attempt of a task does: it burns processor time,
// then waits, as for another service.
type Work struct {
	WaitMS int `json:"wait_ms,omitempty"`
	CPUMS  int `json:"cpu_ms,omitempty"`
}

// Duration is how long the work takes on an idle processor.
func (w Work) Duration() time.Duration { return time.Duration(w.WaitMS+w.CPUMS) * time.Millisecond }

// DefaultAtOnce is Workload.AtOnce's default.
const DefaultAtOnce = 16

// Shapes of load.
const (
	// Constant sends evenly spaced requests at Load.Rate.
	Constant = "constant"
	// Ramp goes from Load.Rate to Load.To, evenly.
	Ramp = "ramp"
	// Burst sends all requests at Load.Rate to a function without any
	// environment: every round begins cold, and nothing is warmed up.
	Burst = "burst"
)

// Load is when the requests of one round are sent, whatever became of the ones
// before (an open model).
type Load struct {
	Shape    string  `json:"shape"`
	Rate     float64 `json:"rate"`             // requests a second; of Ramp, at its beginning
	To       float64 `json:"to,omitempty"`     // requests a second at the end of Ramp
	Requests int     `json:"requests"`         // in a round
	Warmup   int     `json:"warmup,omitempty"` // requests before the first round, at the same pace
}

// Workload is one file. Its name is unique in a run.
type Workload struct {
	Name  string `json:"name"`  // lower case letters, digits and dashes
	Title string `json:"title"` // for headings
	About string `json:"about"` // what it stands for, one or two sentences

	Load Load `json:"load"`
	// Rounds is how many measured rounds there are; 0 = as many as the run has.
	Rounds int `json:"rounds,omitempty"`
	// RoundsOf are the rounds of contestants that have others: at most 100. Clients of
	// an asynchronous integration do not wait for the handler: of answers that take a
	// fraction of a millisecond, a median needs more to be known as well. So does that of
	// few answers which wait for many calls at once.
	RoundsOf map[cost.Contestant]int `json:"rounds_of,omitempty"`

	Handler Work `json:"handler"` // without its tasks
	Tasks   int  `json:"tasks"`   // for each request
	Task    Work `json:"task"`    // one attempt
	// AtOnce is how many tasks run at the same time in one environment; 0 = 16,
	// the library's default.
	AtOnce int `json:"at_once,omitempty"`

	// FailOneIn makes one in so many attempts fail: of the first attempts, of the
	// retries of those that failed, and so on; 0 = none. Attempts is how many are
	// made of a task: in the process by whoever runs tasks there, by Lambda (at
	// most 3) or the queue for tasks that were sent; 0 = 1. RetryWaitMS is the
	// mean wait before a retry in the process, which is billed.
	FailOneIn   int `json:"fail_one_in,omitempty"`
	Attempts    int `json:"attempts,omitempty"`
	RetryWaitMS int `json:"retry_wait_ms,omitempty"`

	// Batch is the batch size of the queue's event source mapping, without a batch
	// window; 0 = 10, Lambda's default. With more than 1, how many messages travel
	// together depends on when each of them arrives.
	Batch int `json:"batch,omitempty"`

	// WorkerConcurrency is the worker's reserved concurrency: what is sent waits for
	// one of so many environments. 0 = none.
	WorkerConcurrency int `json:"worker_concurrency,omitempty"`

	RequestBytes  int `json:"request_bytes,omitempty"`
	ResponseBytes int `json:"response_bytes,omitempty"`
	TaskBytes     int `json:"task_bytes,omitempty"` // of a task's input; its envelope has some 400 more

	MemoryMB  int `json:"memory_mb"`
	TimeoutMS int `json:"timeout_ms"`
	// DeadlineMS is how long the client waits at most; 0 = for ever. Slack's
	// acknowledgement deadline is 3,000.
	DeadlineMS int `json:"deadline_ms,omitempty"`

	// Contestants that take part; empty = all. Skip names some that do not, and
	// why.
	Contestants []cost.Contestant          `json:"contestants,omitempty"`
	Skip        map[cost.Contestant]string `json:"skip,omitempty"`
}

var name = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// maxFile bounds a workload file, in bytes.
const maxFile = 64 << 10

// Parse reads a workload file. The error wraps ErrWorkload.
func Parse(from io.Reader) (Workload, error) {
	raw, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return Workload{}, err
	}
	if len(raw) > maxFile {
		return Workload{}, fmt.Errorf("%w: the file is longer than %d bytes", ErrWorkload, maxFile)
	}
	var w Workload
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return Workload{}, fmt.Errorf("%w: %w", ErrWorkload, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Workload{}, fmt.Errorf("%w: something follows the object", ErrWorkload)
	}
	return w, w.Check()
}

// TakesPart reports whether a contestant is measured on the workload.
func (w *Workload) TakesPart(c cost.Contestant) bool {
	_, skipped := w.Skip[c]
	return !skipped && (len(w.Contestants) == 0 || slices.Contains(w.Contestants, c))
}
