package offloadtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/internal/deferral"
)

// Recorder accepts tasks in the place of an invocation and keeps them. It is safe
// for concurrent use. Make it with [New].
type Recorder struct {
	mu     sync.Mutex
	tasks  []Task
	runs   []func(context.Context) error // of tasks, by index
	next   int                           // of tasks: the first that was not run
	closed bool
}

// Task is a task as it was deferred.
type Task struct {
	// ID is the task's ID: random, or what offload.ID says.
	ID string

	// Name is the name given to offload.Define or offload.Func.
	Name string

	// Input is the value that was passed to With, and nil for a closure.
	Input any

	// JSON is the input as it would travel to another process, encoded when After was
	// called. It is nil for a closure.
	JSON []byte

	// Closure reports that the task was made with offload.Func.
	Closure bool

	// The options of the task, those of its definition included, or their defaults.
	Group         string
	Deduplication string
	Delay         time.Duration
	Eager         bool
	OnlyOnSuccess bool
	MaxAttempts   int
	Timeout       time.Duration // of one attempt; 0 means none
}

// New makes a recorder for one test. When the test is over, After fails with
// offload.ErrClosed, as it does after an invocation: a goroutine was left behind.
func New(tb TB) *Recorder {
	tb.Helper()
	r := &Recorder{}
	tb.Cleanup(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.closed = true
	})
	return r
}

// Context derives the context to pass to the handler. What is deferred in it is recorded;
// in everything else it is parent. It may be called several times, for a recorder that sees
// more than one call of a handler.
func (r *Recorder) Context(parent context.Context) context.Context {
	return offload.WithRecorder(parent, sink{r})
}

// Tasks lists what was deferred, in the order of the calls, nested tasks included. The
// list is a copy, the inputs are not.
func (r *Recorder) Tasks() []Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	tasks := slices.Clone(r.tasks)
	for i := range tasks {
		tasks[i].JSON = bytes.Clone(tasks[i].JSON)
	}
	return tasks
}

// Run runs the recorded tasks now, on the calling goroutine: one after the other in the
// order in which they were deferred, nested ones last, each of them once and without
// retries, whatever their options say. Calling it again runs what was deferred since.
//
// A task's context has the values of the ctx that After got, and the deadline and cancellation
// of ctx; the timeout of an attempt is not applied. offload.TaskFromContext works in it.
//
// The error joins those of the tasks, each with the name of its task; a panic becomes an
// *offload.PanicError. If ctx ends, the tasks that have not begun stay recorded, and the error
// says how many they are.
func (r *Recorder) Run(ctx context.Context) error {
	var failed []error
	for {
		task, run, left := r.take(ctx)
		switch {
		case left == 0:
			return errors.Join(failed...)
		case run == nil:
			return errors.Join(append(failed, fmt.Errorf("offloadtest: %d of the recorded tasks did not run: %w", left, context.Cause(ctx)))...)
		}
		if err := run(ctx); err != nil {
			failed = append(failed, fmt.Errorf("task %q: %w", task, err))
		}
	}
}

// take gives the next task that was not run, unless ctx has ended. left counts it.
func (r *Recorder) take(ctx context.Context) (name string, run func(context.Context) error, left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	left = len(r.tasks) - r.next
	if left == 0 || ctx.Err() != nil {
		return "", nil, left
	}
	name, run = r.tasks[r.next].Name, r.runs[r.next]
	r.next++
	return name, run, left
}

// sink keeps Record, which only package offload may call, out of Recorder's methods.
type sink struct{ recorder *Recorder }

// Record implements deferral.Recorder.
func (s sink) Record(d deferral.Deferred) error {
	task := Task{
		ID:            d.ID,
		Name:          d.Name,
		Input:         d.Input,
		Closure:       d.Encode == nil,
		Group:         d.Group,
		Deduplication: d.Deduplication,
		Delay:         d.Delay,
		Eager:         d.Eager,
		OnlyOnSuccess: d.OnlyOnSuccess,
		MaxAttempts:   d.MaxAttempts,
		Timeout:       d.Timeout,
	}
	if d.Encode != nil {
		var err error
		if task.JSON, err = d.Encode(); err != nil {
			return err
		}
	}
	r := s.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return offload.ErrClosed
	case len(r.tasks) >= offload.DefaultMaxTasks:
		// A task that defers itself without end must not keep a test for ever.
		return fmt.Errorf("%w: %d tasks are recorded already", offload.ErrTooManyTasks, len(r.tasks))
	}
	r.tasks = append(r.tasks, task)
	r.runs = append(r.runs, d.Run)
	return nil
}

var _ deferral.Recorder = sink{}
