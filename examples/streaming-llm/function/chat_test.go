package main

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-offload/lambda/offload/offloadtest"
)

// model gives fixed tokens, then err.
func model(err error, tokens ...string) func(context.Context, string) iter.Seq2[string, error] {
	return func(context.Context, string) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for _, token := range tokens {
				if !yield(token, nil) {
					return
				}
			}
			if err != nil {
				yield("", err)
			}
		}
	}
}

// ask has the handler answer, and reports whether it broke off.
func ask(t *testing.T, c *chat, body string) (got *httptest.ResponseRecorder, tasks *offloadtest.Recorder, brokeOff bool) {
	t.Helper()
	tasks = offloadtest.New(t)
	got = httptest.NewRecorder()
	r := httptest.NewRequestWithContext(tasks.Context(t.Context()), http.MethodPost, "/chat", strings.NewReader(body))
	defer func() { brokeOff = errors.Is(asError(recover()), http.ErrAbortHandler) }()
	c.ServeHTTP(got, r)
	return got, tasks, false
}

func asError(v any) error { err, _ := v.(error); return err }

func TestChat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		model    error
		body     string
		brokeOff bool
	}{
		{"complete", nil, "data: \"Yes, \"\n\ndata: \"no\\n\"\n\n", false},
		{"broken off", errors.New("out of memory"), "data: \"Yes, \"\n\ndata: \"no\\n\"\n\n", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, tasks, brokeOff := ask(t, &chat{model(test.model, "Yes, ", "no\n")}, `{"prompt":"Well?"}`)
			if got.Code != http.StatusOK || got.Header().Get("Content-Type") != "text/event-stream" || got.Body.String() != test.body || !got.Flushed || brokeOff != test.brokeOff {
				t.Errorf("%d %q, broke off: %v", got.Code, got.Body, brokeOff)
			}
			if saved := offloadtest.RequireDeferred(t, tasks, save); saved != (Transcript{"Well?", "Yes, no\n", !test.brokeOff}) {
				t.Errorf("%+v", saved)
			}
		})
	}
}

func TestBadQuestions(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{", "{}", `{"prompt":"` + strings.Repeat("x", maxQuestion) + `"}`} {
		got, tasks, _ := ask(t, &chat{model(nil, "x")}, body)
		if got.Code != http.StatusBadRequest {
			t.Errorf("%.20s: %d %s", body, got.Code, got.Body)
		}
		offloadtest.RequireNothingDeferred(t, tasks)
	}
}

func TestParrotStopsWithTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		n := 0
		for _, err := range parrot(ctx, "one two three") {
			if n++; n == 2 {
				cancel()
			}
			last = err
		}
		if n != 3 || !errors.Is(last, context.Canceled) {
			t.Error(n, last)
		}
	})
}
