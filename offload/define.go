package offload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"unicode/utf8"
)

// definition is a Definition without its type parameter.
type definition struct {
	name     string
	run      func(ctx context.Context, input any) error
	decode   func(data []byte) (any, error)
	settings settings
	plain    details // of its tasks that were deferred without options, by the handler itself
}

// definitions holds the tasks that a worker may be asked to run. Together with
// the registry of strategies it is the only global state there is.
var definitions = struct {
	sync.RWMutex
	byName map[string]*definition
}{byName: map[string]*definition{}}

// Definition is a task that has a name, and an input that can be marshalled to
// JSON, so that it can run in this process or in another one. It is safe for
// concurrent use.
type Definition[T any] struct{ def *definition }

// Define makes a task known under a name, usually in a package-level variable:
//
//	var sendReceipt = offload.Define("send-receipt", func(ctx context.Context, r Receipt) error { … })
//
// The name is the task's identity in envelopes: renaming it orphans messages that
// are under way. It has at most 128 letters, digits and - _ . / :. T must be
// something that encoding/json marshals and unmarshals.
//
// fn may be called more than once for one task (retries, at-least-once
// delivery): it should be idempotent, with the ID that [TaskFromContext] gives.
// An error is retried as the options say; one wrapped with Permanent of
// github.com/cenkalti/backoff/v4 is not. (That of its version 5 is another type, and is retried.)
//
// Define panics if the name is unusable or taken, if fn is nil, or if an option is
// out of range: these are mistakes in the program, found when it starts.
func Define[T any](name string, fn func(context.Context, T) error, opts ...TaskOption) *Definition[T] {
	if err := validateName(name); err != nil {
		panic(err)
	}
	if fn == nil {
		panic(fmt.Errorf("%w: Define(%q) needs a function", ErrInvalidTask, name))
	}
	def := &definition{
		name: name,
		run: func(ctx context.Context, input any) error {
			in, _ := input.(T) // a nil interface value is T's zero value
			return fn(ctx, in)
		},
		decode: func(data []byte) (any, error) {
			var in T
			if err := json.Unmarshal(data, &in); err != nil {
				return nil, err
			}
			return in, nil
		},
		settings: defaultSettings,
	}
	for _, o := range opts {
		if err := o.applyTo(&def.settings); err != nil {
			panic(fmt.Errorf("Define(%q): %w", name, err))
		}
	}
	def.plain.def, def.plain.set = def, &def.settings

	definitions.Lock()
	defer definitions.Unlock()
	if _, taken := definitions.byName[name]; taken {
		panic(fmt.Errorf("%w: Define(%q) called twice; names are unique in a program", ErrInvalidTask, name))
	}
	definitions.byName[name] = def
	return &Definition[T]{def}
}

// Name is the name the task was defined with.
func (d *Definition[T]) Name() string { return d.def.name }

// With makes a task of the definition and an input. If the chain has a strategy
// that sends tasks away, After marshals the input at once; otherwise the task gets
// this very value, so what it points to should not change after the call.
func (d *Definition[T]) With(input T) Task {
	return Task{name: d.def.name, def: d.def, in: input}
}

// encodeInput marshals a task's input compactly and without HTML escapes.
func (t Task) encodeInput() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(t.in); err != nil {
		return nil, fmt.Errorf("%w: task %q, input of type %T: %w", ErrInput, t.name, t.in, err)
	}
	data := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if !utf8.Valid(data) { // encoding/json passes on what a json.RawMessage or a MarshalJSON gives it
		return nil, fmt.Errorf("%w: task %q, input of type %T: the JSON is not valid UTF-8, and no worker would take it", ErrInput, t.name, t.in)
	}
	return data, nil
}

// lookup finds the definition of a task that arrived by name.
func lookup(name string) (*definition, bool) {
	definitions.RLock()
	defer definitions.RUnlock()
	def, ok := definitions.byName[name]
	return def, ok
}

// defined lists the names of all tasks, for error messages.
func defined() []string {
	definitions.RLock()
	defer definitions.RUnlock()
	names := make([]string, 0, len(definitions.byName))
	for name := range definitions.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
