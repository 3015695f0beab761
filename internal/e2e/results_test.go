package e2e

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

// answer is all that a caller gets to see.
type answer struct {
	payload, functionError        string // of Invoke
	stream, streamType, streamErr string // of InvokeWithResponseStream
}

func (f *function) answer(tb testing.TB, payload string) answer {
	tb.Helper()
	res, err := f.Invoke(tb.Context(), []byte(payload))
	if err != nil {
		tb.Fatal(err)
	}
	a := answer{payload: string(res.Payload), functionError: res.FunctionError}
	f.over(tb, res.RequestID)

	stream, err := f.InvokeStream(tb.Context(), []byte(payload))
	var failure *lambdatest.FunctionError
	switch {
	case errors.As(err, &failure):
		a.streamErr = failure.Type + string(failure.Payload)
		f.over(tb, failure.RequestID)
		return a
	case err != nil:
		tb.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	a.streamType = stream.ContentType
	body, err := io.ReadAll(stream)
	a.stream = string(body)
	if errors.As(err, &failure) {
		a.streamErr = failure.Type + string(failure.Payload)
	} else if err != nil {
		tb.Fatal(err)
	}
	f.over(tb, stream.RequestID)
	return a
}

// Every kind of result reaches the caller as it does from a bare lambda.Start: bytes, content type and errors.
func TestResultsAsWithoutOffload(t *testing.T) {
	names := []string{
		"", "struct", "empty-struct", "map", "nil", "bytes", "number", "reader", "empty-reader", "typed-reader",
		"json-reader", "nil-reader", "nil-buffer", "closer", "unencodable", "error",
	}
	want := map[string]answer{}
	bare := start(t, config{start: "bare"})
	for _, name := range names {
		want[name] = bare.answer(t, `{"do":"`+name+`"}`)
	}
	if got := want["struct"].payload; got != `{"id":4711,"note":"a<b>&c"}` {
		t.Fatalf("without offload: %s", got)
	}
	onEach(t, func(t trial) {
		for _, how := range []string{"offload", "wrap"} {
			t.sub(how, func(t trial) {
				f := start(t, config{strategy: t.strategy, start: how})
				for _, name := range names {
					if got := f.answer(t, `{"do":"`+name+`"}`); got != want[name] {
						t.Errorf("%q:\n%+v, without offload\n%+v", name, got, want[name])
					}
				}
			})
		}
	})
}

// The handler's own reader is closed once, after the response, and a panic there costs nothing.
func TestHandlersReaderCloses(t *testing.T) {
	onEach(t, func(t trial) {
		for _, do := range []string{"closer", "close-panics"} {
			t.sub(do, func(t trial) {
				hold := newGate(t)
				f := start(t, config{strategy: t.strategy})
				res := f.call(t, event{Do: do, Tasks: []task{{Name: "held", Gate: string(hold)}}})
				if res.FunctionError != "" || !strings.Contains(string(res.Payload), " later") {
					t.Errorf("%q %s", res.FunctionError, res.Payload)
				}
				hold.open(t)
				f.over(t, res.RequestID)
				f.ranInTail(t, lambdatest.EventResponseEnd, res.RequestID, "held")
				if closed := f.one(t, "closed", "", "").Time; closed.Before(f.at(t, lambdatest.EventResponseEnd, res.RequestID)) {
					t.Error("the reader was closed before the response was out")
				}
				f.survives(t, res)
			})
		}
	})
}

// A reader that fails midway cuts the response off; its tasks run.
func TestReaderFailsMidway(t *testing.T) {
	bare := start(t, config{start: "bare"})
	want := bare.answer(t, `{"do":"fails-midway"}`)
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		if got := f.answer(t, `{"do":"fails-midway"}`); got != want {
			t.Errorf("%+v, without offload\n%+v", got, want)
		}
		res := f.call(t, event{Do: "fails-midway", Tasks: []task{{Name: "task"}}})
		f.over(t, res.RequestID)
		f.ranBeforeFreeze(t, res.RequestID, "task")
		f.survives(t, res)
	})
}

// Lambda refuses a response over 6 MB, and aws-lambda-go exits because of it. The tasks come first.
func TestResponseTooLarge(t *testing.T) {
	onEach(t, func(t trial) {
		f := start(t, config{strategy: t.strategy})
		res := f.call(t, event{Do: "large", Tasks: []task{{Name: "task"}, {Name: "parent", Do: "nest"}}})
		if res.FunctionError != "Unhandled" || !strings.Contains(string(res.Payload), "Function.ResponseSizeTooLarge") {
			t.Errorf("%q %.200s", res.FunctionError, res.Payload)
		}
		f.over(t, res.RequestID)
		for _, name := range []string{"task", "parent", "parent-child"} {
			f.one(t, "ran", name, res.RequestID)
			f.ended(t, res.RequestID, name, "done", "")
		}
		f.healthy(t, res)
	})
}
