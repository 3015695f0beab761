package lambdatest_test

import (
	"testing"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// A function that invokes itself through an SDK reaches itself.
func TestSelfInvocation(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{Package: "./testdata/chain", MaxEnvironments: 2})
	first := invokeAsync(t, l, map[string]int{"left": 5})
	if err := l.WaitAsyncIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if reports := l.Reports(); len(reports) != 6 {
		t.Errorf("%d invocations, want 6", len(reports))
	}
	if res := waitAsync(t, l, first); res.Condition != lambdatest.AsyncSuccess || string(res.Payload) != "5" {
		t.Errorf("%+v %s", res, res.Payload)
	}
}

// Lambda stops a chain of a function that invokes itself without end, and tells the destinations.
func TestRecursiveLoop(t *testing.T) {
	t.Parallel()
	srv := sqstest.Start(t, nil)
	dead := newQueue(t, srv, "dead")
	f := lambdatest.Function{
		Package: "./testdata/chain", MaxEnvironments: 2, SQSEndpoint: srv.URL(), Async: lambdatest.AsyncConfig{DeadLetterQueue: dead.ARN()},
	}
	l := lambdatest.Start(t, f)
	invokeAsync(t, l, map[string]int{"left": 20})
	if err := l.WaitAsyncIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(l.Reports()); n != 16 {
		t.Errorf("%d invocations, want 16", n)
	}
	if letter := single(t, dead); letter.Body != `{"left":4}` || letter.Attributes["ErrorCode"] != "400" {
		t.Errorf("%+v", letter)
	}

	f.AllowRecursiveLoop = true
	l = lambdatest.Start(t, f)
	invokeAsync(t, l, map[string]int{"left": 20})
	if err := l.WaitAsyncIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(l.Reports()); n != 21 {
		t.Errorf("%d invocations, want 21", n)
	}
}

// A function that is its own destination comes to an end too.
func TestRecursiveDestination(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{
		Package: "./testdata/chain", Name: "loop", Async: lambdatest.AsyncConfig{OnSuccess: "arn:aws:lambda:us-east-1:123456789012:function:loop"},
	})
	invokeAsync(t, l, map[string]int{"left": 0})
	if err := l.WaitAsyncIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(l.Reports()); n != 16 {
		t.Errorf("%d invocations, want 16", n)
	}
}
