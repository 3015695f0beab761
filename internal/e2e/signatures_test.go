package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// Every kind of handler that lambda.Start takes answers with the same bytes, content types and errors as it does there,
// to events that suit it and to events that do not.
func TestSignaturesAsWithoutOffload(t *testing.T) {
	payloads := []string{`{"name":"Ann"}`, `{"fail":true}`, `"string"`, `null`, `[]`}
	for _, handler := range []string{
		"func()", "func(TIn)", "func(context.Context)", "func(context.Context,TIn)",
		"func()error", "func(TIn)error", "func(context.Context)error", "func(context.Context,TIn)error",
		"func()(TOut,error)", "func(TIn)(TOut,error)", "func(context.Context)(TOut,error)", "func(context.Context,TIn)(TOut,error)",
		"func(context.Context,*TIn)(TOut,error)", "lambda.Handler", "lambda.NewHandler",
	} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			want := start(t, config{start: "bare", handler: handler}).answers(t, payloads)
			for _, strategy := range []string{"stream", "extension"} {
				f := start(t, config{strategy: strategy, handler: handler})
				for i, got := range f.answers(t, payloads) {
					if got != want[i] {
						t.Errorf("%s, %s:\n%+v, without offload\n%+v", strategy, payloads[i], got, want[i])
					}
				}
			}
		})
	}
}

func (f *function) answers(tb testing.TB, payloads []string) []answer {
	tb.Helper()
	answers := make([]answer, len(payloads))
	for i, payload := range payloads {
		answers[i] = f.answer(tb, payload)
	}
	return answers
}

// Two invocations at a time in one environment: a lambda.Handler's payload belongs to it, for its tasks to keep, although
// aws-lambda-go reads the next event into the same buffer.
func TestPayloadKeptByTasks(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy, handler: "raw", Function: lambdatest.Function{
			EnvironmentConcurrency: 2, MaxEnvironments: 1,
		}})
		const invocations = 50
		failures := make(chan error, invocations)
		events := make(chan string, invocations)
		for i := range invocations {
			events <- letters(i)
		}
		close(events)
		for range 2 {
			go func() {
				for payload := range events {
					failures <- f.echoes(t.Context(), payload)
				}
			}()
		}
		for range invocations {
			if err := <-failures; err != nil {
				t.Error(err)
			}
		}
		eventually(t, "all tasks end", func() bool { return len(f.records(t)) == invocations })
		if done := f.count(t, "done", "raw", ""); done != invocations {
			t.Errorf("%d tasks kept their payload, want %d: %+v", done, invocations, f.find(t, "failed", "", ""))
		}
	})
}

// letters is a JSON string that differs from event to event in every byte.
func letters(i int) string {
	const some = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	return `"` + strings.Repeat(some[i:i+1], 1000) + `"`
}

func (f *function) echoes(ctx context.Context, payload string) error {
	for {
		res, err := f.Invoke(ctx, []byte(payload))
		switch {
		case errors.Is(err, lambdatest.ErrThrottled):
			pause() // a tail is still at work
		case err != nil:
			return err
		case string(res.Payload) != payload:
			return errors.New("not echoed: " + string(res.Payload))
		default:
			return nil
		}
	}
}
