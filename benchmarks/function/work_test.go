package main

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/benchmarks/workload"
)

func TestWorkTakesItsTime(t *testing.T) {
	t.Parallel()
	start := time.Now()
	work(workload.Work{WaitMS: 10, CPUMS: 10})
	// The kernel accounts for a thread's time in steps of its own.
	if took := time.Since(start); took < 18*time.Millisecond {
		t.Errorf("20 ms of work took %v", took)
	}
}

func TestTheAnswerHasTheSizeOfTheResponse(t *testing.T) {
	t.Parallel()
	a, err := handle(context.Background(), wire.Order{Seq: 3, ResponseBytes: 5000}, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(a); err != nil || len(b) < 4990 || len(b) > 5010 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestWithoutABackendATaskCountsItself(t *testing.T) {
	t.Parallel()
	in := wire.TaskInput{Seq: 3, FailOneIn: 4}
	if !fails(in, 1) || fails(in, 2) {
		t.Error("the first attempt of the fourth request fails, the second does not")
	}
}

func TestAServiceThatDoesNotAnswerFailsTheAttempt(t *testing.T) {
	t.Setenv(envBackend, "http://127.0.0.1:1")
	if !fails(wire.TaskInput{FailOneIn: 4}, 1) {
		t.Error("nobody listens there")
	}
	if fails(wire.TaskInput{}, 1) {
		t.Error("a task that is not to fail asks nobody")
	}
}
