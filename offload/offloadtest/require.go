package offloadtest

import (
	"fmt"
	"strings"

	"github.com/go-offload/lambda/offload"
)

// RequireDeferred returns the input of the one task of the definition that was
// deferred. If there is none, or more than one, the test fails at once with a list of
// what was deferred; for several tasks of one definition see [Inputs].
func RequireDeferred[T any](tb TB, rec *Recorder, def *offload.Definition[T]) T {
	tb.Helper()
	inputs := Inputs(rec, def)
	if len(inputs) != 1 {
		tb.Fatalf("offloadtest: task %q was deferred %s, want once; %s", def.Name(), times(len(inputs)), describe(rec.Tasks()))
		var none T
		return none
	}
	return inputs[0]
}

// RequireNothingDeferred fails the test at once if any task was deferred.
func RequireNothingDeferred(tb TB, rec *Recorder) {
	tb.Helper()
	if tasks := rec.Tasks(); len(tasks) > 0 {
		tb.Fatalf("offloadtest: no task should be deferred; %s", describe(tasks))
	}
}

// Inputs returns the inputs of all tasks of the definition, in the order in which they
// were deferred. It is empty if there are none.
func Inputs[T any](rec *Recorder, def *offload.Definition[T]) []T {
	var inputs []T
	for _, task := range rec.Tasks() {
		if task.Closure || task.Name != def.Name() {
			continue // a closure may have any name
		}
		input, _ := task.Input.(T) // a nil interface value is T's zero value
		inputs = append(inputs, input)
	}
	return inputs
}

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	default:
		return fmt.Sprintf("%d times", n)
	}
}

const (
	// maxListed and maxShown bound the list in a failure: a test's log is read by people.
	maxListed = 20
	maxShown  = 200
)

// describe lists tasks for a failure.
func describe(tasks []Task) string {
	if len(tasks) == 0 {
		return "nothing was deferred"
	}
	var b strings.Builder
	b.WriteString("deferred:")
	for i, task := range tasks {
		if i == maxListed {
			fmt.Fprintf(&b, "\n\tand %d more", len(tasks)-i)
			break
		}
		input := string(task.JSON)
		switch {
		case task.Closure:
			input = "(a closure)"
		case len(input) > maxShown:
			input = input[:maxShown] + "…"
		}
		fmt.Fprintf(&b, "\n\t%s %s", task.Name, input)
	}
	return b.String()
}
