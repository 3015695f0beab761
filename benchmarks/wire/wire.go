// Package wire is what the load generator and the function under test say to each
// other: the order in the request's body, and marks, lines in the function's log
// that tell when what happened. A mark costs the function one write of some
// hundred bytes, the same in every contestant and on every target.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-offload/lambda/benchmarks/workload"
)

// Order is the body of a request: what the handler is to do.
type Order struct {
	Round int64 `json:"round"` // tells the rounds of all runs apart
	Seq   int   `json:"seq"`

	Handler       workload.Work `json:"handler"`
	Tasks         int           `json:"tasks"`
	Task          workload.Work `json:"task"`
	TaskBytes     int           `json:"task_bytes,omitempty"`
	ResponseBytes int           `json:"response_bytes,omitempty"`
	FailOneIn     int           `json:"fail_one_in,omitempty"`
	Attempts      int           `json:"attempts,omitempty"` // in the process; 0 = 1
	RetryWaitMS   int           `json:"retry_wait_ms,omitempty"`

	Pad string `json:"pad,omitempty"` // makes up for the size of the request
}

// NewOrder is the order of one request of a workload, of at least
// workload.RequestBytes bytes as JSON.
func NewOrder(w *workload.Workload, round int64, seq int) ([]byte, error) {
	o := Order{
		Round: round, Seq: seq, Handler: w.Handler, Tasks: w.Tasks, Task: w.Task, TaskBytes: w.TaskBytes,
		ResponseBytes: w.ResponseBytes, FailOneIn: w.FailOneIn, Attempts: w.Attempts, RetryWaitMS: w.RetryWaitMS,
	}
	b, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	const field = `,"pad":""`
	if missing := w.RequestBytes - len(b) - len(field); missing > 0 {
		o.Pad = Padding(missing)
		return json.Marshal(o)
	}
	return b, nil
}

// Padding is n bytes of text.
func Padding(n int) string { return string(bytes.Repeat([]byte{'x'}, n)) }

// TaskInput is what a task gets.
type TaskInput struct {
	Round     int64         `json:"round"`
	Seq       int           `json:"seq"`
	ID        int           `json:"id"`
	Work      workload.Work `json:"work"`
	FailOneIn int           `json:"fail_one_in,omitempty"`
	Pad       string        `json:"pad,omitempty"`
}

// Input is the input of the order's i-th task.
func (o *Order) Input(i int) TaskInput {
	return TaskInput{Round: o.Round, Seq: o.Seq, ID: i, Work: o.Task, FailOneIn: o.FailOneIn, Pad: Padding(o.TaskBytes)}
}

// Fails says whether an attempt (from 1) of a task fails: exactly one in FailOneIn first
// attempts, one in FailOneIn of their retries, and so on, of the requests of a
// round whose number is a power of FailOneIn. A share that is exact is worth more here than one that is
// random: the cost model is held against it.
func (t *TaskInput) Fails(attempt int) bool {
	if t.FailOneIn == 0 {
		return false
	}
	// The first attempt fails if the last digit of Seq to the base FailOneIn is the
	// largest there is, the second if the one before it is so too, and so on.
	n := t.Seq
	for range attempt {
		if n%t.FailOneIn != t.FailOneIn-1 {
			return false
		}
		n /= t.FailOneIn
	}
	return true
}

// Kinds of marks.
const (
	HandlerMark = "handler" // the handler returned
	TaskMark    = "task"    // an attempt ended
	SendMark    = "send"    // a call to a queue, or an asynchronous Invoke, returned
)

// Mark is a line in the function's log.
type Mark struct {
	Kind      string `json:"kind"`
	Round     int64  `json:"round,omitempty"` // 0 in a SendMark
	Seq       int    `json:"seq,omitempty"`
	RequestID string `json:"request_id"` // of the invocation
	StartNS   int64  `json:"start_ns"`   // of the Unix epoch
	EndNS     int64  `json:"end_ns"`

	ID       int  `json:"id,omitempty"`       // of the task
	Attempt  int  `json:"attempt,omitempty"`  // from 1
	Failed   bool `json:"failed,omitempty"`   // the attempt, or a part of the messages
	Messages int  `json:"messages,omitempty"` // of a SendMark
}

// prefix begins every mark's line, so that it is told from whatever else is in a log.
const prefix = "offload-benchmark "

// Print writes the mark with one Write.
func (m Mark) Print(to io.Writer) {
	b, err := json.Marshal(m)
	if err != nil {
		return // a struct of numbers and strings marshals
	}
	line := make([]byte, 0, len(prefix)+len(b)+1)
	line = append(append(append(line, prefix...), b...), '\n')
	_, _ = to.Write(line) // a log that nobody reads any more
}

// ParseMark reads a line of a log. ok is false for lines that are no marks; the
// error is for those that begin like one.
func ParseMark(line []byte) (m Mark, ok bool, err error) {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(prefix))
	if !ok {
		return Mark{}, false, nil
	}
	d := json.NewDecoder(bytes.NewReader(rest))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Mark{}, false, fmt.Errorf("mark %.200q: %w", rest, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Mark{}, false, fmt.Errorf("mark %.200q: something follows it", rest)
	}
	return m, true, nil
}
