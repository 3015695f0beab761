package offload

import (
	"context"
	"encoding/base32"
	"encoding/binary"
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
	def  *definition                 // nil for a closure
	fn   func(context.Context) error // nil for a defined task
	in   any
}

// Func makes a task of a closure. A closure can only run in this process: a chain
// of senders alone (invoke, sqs) refuses it with [ErrClosure], and it cannot spill
// to a sender. The name appears in logs and events; it need not be unique, and
// has the form that [Define] asks for.
func Func(name string, fn func(context.Context) error) Task {
	return Task{name: name, fn: fn}
}

// Name is the name the task was made with.
func (t Task) Name() string { return t.name }

func (t Task) validate() error {
	if t.def != nil {
		return nil // checked by Define
	}
	if t.fn == nil {
		return fmt.Errorf("%w: task %q has no function; make tasks with offload.Define(...).With(input) or offload.Func", ErrInvalidTask, t.name)
	}
	return validateName(t.name)
}

// run makes one attempt.
func (t Task) run(ctx context.Context) error {
	if t.def != nil {
		return t.def.run(ctx, t.in)
	}
	return t.fn(ctx)
}

func validateName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: the name is empty", ErrInvalidTask)
	}
	if len(name) > maxNameBytes {
		return fmt.Errorf("%w: the name has %d bytes, at most %d are allowed: %.32q…", ErrInvalidTask, len(name), maxNameBytes, name)
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == '/', c == ':':
		default:
			return fmt.Errorf("%w: the name %q has the character %q; letters, digits and - _ . / : are allowed", ErrInvalidTask, name, c)
		}
	}
	return nil
}

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

	// Accepted is when After accepted the task.
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
type scopeID [16]byte

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newScopeID draws from the runtime's ChaCha8 generator: an ID has to be unique, it is no secret.
func newScopeID() (id scopeID) {
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

// task gives the ID of the n-th task.
func (id scopeID) task(n int) string {
	return idEncoding.EncodeToString(id[:]) + "-" + strconv.Itoa(n)
}
