package offload

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// maxNameBytes bounds a task's name: it travels as the type of a CloudEvent.
const maxNameBytes = 128

// Task is a piece of work to be passed to [After]: made by [Definition.With], or by
// [Func] for a closure. Tasks are values and may be passed to After more than
// once; each call is a task of its own. The zero Task is refused.
type Task struct {
	name string
	def  *definition // nil for a closure
	in   any         // the input; of a closure, the function
}

// Func makes a task of a closure. A closure can only run in this process: a chain
// of senders alone (invoke, sqs) refuses it with [ErrClosure], and it cannot spill
// to a sender. The name appears in logs and events; it need not be unique, and
// has the form that [Define] asks for.
func Func(name string, fn func(context.Context) error) Task {
	return Task{name: name, in: fn}
}

// Name is the name the task was made with.
func (t Task) Name() string { return t.name }

func (t Task) validate() error {
	if t.def != nil {
		return nil // checked by Define
	}
	if fn, ok := t.in.(func(context.Context) error); !ok || fn == nil {
		return fmt.Errorf("%w: task %q has no function; make tasks with offload.Define(...).With(input) or offload.Func", ErrInvalidTask, t.name)
	}
	return validateName(t.name)
}

// run makes one attempt.
func (t Task) run(ctx context.Context) error {
	if t.def != nil {
		return t.def.run(ctx, t.in)
	}
	return t.in.(func(context.Context) error)(ctx)
}

func validateName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: the name is empty", ErrInvalidTask)
	}
	if len(name) > maxNameBytes {
		return fmt.Errorf("%w: the name has %d bytes, at most %d are allowed: %.32q…", ErrInvalidTask, len(name), maxNameBytes, name)
	}
	for i := range len(name) {
		if !nameBytes[name[i]] {
			return fmt.Errorf("%w: the name %q has the character %q; letters, digits and - _ . / : are allowed", ErrInvalidTask, name, name[i])
		}
	}
	return nil
}

// nameBytes are the bytes that a name may have. Every call of After checks a name.
var nameBytes = func() (allowed [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:") {
		allowed[c] = true
	}
	return allowed
}()

// TaskInfo describes a task that is running, or that an [Event] is about.
type TaskInfo struct {
	// ID is the same for every attempt of the task, in whatever process it is
	// made: the key for making a task idempotent.
	ID string

	// Name is the name the task was defined with.
	Name string

	// RequestID is the request ID of the invocation that deferred the task or, in a
	// worker, of the one that it was delivered with.
	RequestID string

	// Attempt counts the attempts from 1, those in other processes included. It is 0
	// before the first.
	Attempt int

	// Hops counts how often the task has left a process: 0 in the one that deferred it.
	Hops int

	// Accepted is when After accepted the task. In a chain without senders, where no observer wants
	// Started or Done, it is when the invocation began: the clock costs more than the rest of After.
	Accepted time.Time
}

type taskKey struct{}

// TaskFromContext describes the task that ctx was given to. It reports false
// outside a task.
func TaskFromContext(ctx context.Context) (TaskInfo, bool) {
	e, ok := ctx.Value(taskKey{}).(interface{ info() TaskInfo })
	if !ok {
		return TaskInfo{}, false
	}
	return e.info(), true
}

// scopeID is a random number that the IDs of an invocation's tasks begin with:
// unique also between the attempts of an asynchronous invocation, which share a request ID.
type scopeID [2]uint64

// newScopeID draws from the runtime's ChaCha8 generator: an ID has to be unique, it is no secret.
func newScopeID() scopeID { return scopeID{rand.Uint64(), rand.Uint64()} }

// task gives the ID of the n-th task.
func (id scopeID) task(n int) string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	var text [40]byte // 26 for the number, 11 for n
	b := text[:0]
	for _, half := range id {
		for range 13 {
			b = append(b, digits[half%32])
			half /= 32
		}
	}
	return string(strconv.AppendInt(append(b, '-'), int64(n), 10))
}
