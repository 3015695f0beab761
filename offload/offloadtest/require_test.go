package offloadtest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadtest"
)

func closure(name string) offload.Task {
	return offload.Func(name, func(context.Context) error { return nil })
}

func TestRequireDeferred(t *testing.T) {
	t.Parallel()
	many := make([]offload.Task, 25)
	for i := range many {
		many[i] = closure("many")
	}
	for name, test := range map[string]struct {
		tasks   []offload.Task
		failure []string // parts of it; none: the test passes
	}{
		"the one task":           {tasks: []offload.Task{audit.With(1), sendReceipt.With(receipt{Order: "A-1"})}},
		"beside a closure of it": {tasks: []offload.Task{closure("send-receipt"), sendReceipt.With(receipt{Order: "A-1"})}},
		"nothing":                {failure: []string{`"send-receipt" was deferred never, want once`, "nothing was deferred"}},
		"another task":           {tasks: []offload.Task{audit.With("row")}, failure: []string{"never", "\n\taudit \"row\""}},
		"a closure":              {tasks: []offload.Task{closure("send-receipt")}, failure: []string{"never", "\n\tsend-receipt (a closure)"}},
		"two": {
			tasks:   []offload.Task{sendReceipt.With(receipt{Order: "A-1"}), sendReceipt.With(receipt{Order: "A-2"})},
			failure: []string{"2 times", `{"order":"A-1"}`, `{"order":"A-2"}`},
		},
		"many":          {tasks: many, failure: []string{"and 5 more"}},
		"a large input": {tasks: []offload.Task{audit.With(strings.Repeat("x", 1000))}, failure: []string{"x…"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := offloadtest.New(t)
			after(t, rec.Context(t.Context()), test.tasks...)
			var tb fakeTB
			var got receipt
			tb.during(func() { got = offloadtest.RequireDeferred(&tb, rec, sendReceipt) })
			if len(test.failure) == 0 {
				if tb.failure != "" || got.Order != "A-1" {
					t.Errorf("got %+v, failure %q", got, tb.failure)
				}
				return
			}
			for _, part := range test.failure {
				if !strings.Contains(tb.failure, part) {
					t.Errorf("the failure has no %q:\n%s", part, tb.failure)
				}
			}
			if len(tb.failure) > 2000 {
				t.Errorf("the failure has %d bytes", len(tb.failure))
			}
		})
	}
}

func TestRequireDeferredReturnsTheValueItself(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	after(t, rec.Context(t.Context()), sendReceipt.With(receipt{Order: "A-1", note: "kept"}))
	if got := offloadtest.RequireDeferred(t, rec, sendReceipt); got.note != "kept" {
		t.Errorf("got %+v", got)
	}
}

func TestRequireDeferredOfANilInterface(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	after(t, rec.Context(t.Context()), audit.With(nil))
	if got := offloadtest.RequireDeferred(t, rec, audit); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	if got := offloadtest.Inputs(rec, sendReceipt); len(got) != 0 {
		t.Errorf("got %v of an empty recorder", got)
	}
	after(t, rec.Context(t.Context()), sendReceipt.With(receipt{Order: "1"}), closure("send-receipt"), audit.With(2), sendReceipt.With(receipt{Order: "3"}))
	got := offloadtest.Inputs(rec, sendReceipt)
	if len(got) != 2 || got[0].Order != "1" || got[1].Order != "3" {
		t.Errorf("got %+v", got)
	}
}

func TestRequireNothingDeferred(t *testing.T) {
	t.Parallel()
	rec := offloadtest.New(t)
	var tb fakeTB
	tb.during(func() { offloadtest.RequireNothingDeferred(&tb, rec) })
	if tb.failure != "" {
		t.Errorf("failure %q", tb.failure)
	}
	after(t, rec.Context(t.Context()), closure("webhook"))
	tb.during(func() { offloadtest.RequireNothingDeferred(&tb, rec) })
	if !strings.Contains(tb.failure, "webhook (a closure)") {
		t.Errorf("failure %q", tb.failure)
	}
}
