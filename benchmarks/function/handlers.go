package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/offload"
)

// handle does the handler's own work and then the rest, and marks when.
func handle(ctx context.Context, o wire.Order, rest func() error) (answer, error) {
	start := time.Now()
	work(o.Handler)
	worked := time.Now()
	err := rest()
	wire.Mark{
		Kind: wire.HandlerMark, Round: o.Round, Seq: o.Seq, RequestID: requestID(ctx),
		StartNS: start.UnixNano(), EndNS: worked.UnixNano(), Failed: err != nil,
	}.Print(os.Stdout)
	const frame = 20 // bytes of the answer beside its padding
	return answer{Seq: o.Seq, Pad: wire.Padding(max(0, o.ResponseBytes-frame))}, err
}

// inline runs the tasks before the response.
func inline(ctx context.Context, o wire.Order) (answer, error) {
	return handle(ctx, o, func() error {
		slots := make(chan struct{}, atOnce())
		var running sync.WaitGroup
		for i := range o.Tasks {
			slots <- struct{}{}
			running.Go(func() {
				defer func() { <-slots }()
				try(ctx, o.Input(i), o)
			})
		}
		running.Wait()
		return nil // a task that failed is nothing the client is told of, as elsewhere
	})
}

// goroutine starts the tasks and returns, as one would on a server.
func goroutine(ctx context.Context, o wire.Order) (answer, error) {
	return handle(ctx, o, func() error {
		for i := range o.Tasks {
			go try(ctx, o.Input(i), o)
		}
		return nil
	})
}

// deferring hands the tasks to offload.
func deferring(ctx context.Context, o wire.Order) (answer, error) {
	return handle(ctx, o, func() error {
		wait := time.Duration(max(1, o.RetryWaitMS)) * time.Millisecond
		for i := range o.Tasks {
			err := offload.After(ctx, task.With(o.Input(i)), offload.MaxAttempts(max(1, o.Attempts)), offload.Backoff(wait, wait))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

var task = offload.Define("task", func(ctx context.Context, in wire.TaskInput) error {
	info, _ := offload.TaskFromContext(ctx)
	return attempt(in, info.Attempt, requestID(ctx))
})

// try makes the attempts that offload would make.
func try(ctx context.Context, in wire.TaskInput, o wire.Order) {
	for n := 1; ; n++ {
		if attempt(in, n, requestID(ctx)) == nil || n >= o.Attempts {
			return
		}
		if o.RetryWaitMS > 0 { // full jitter: its mean is the wait
			time.Sleep(rand.N(2 * time.Duration(o.RetryWaitMS) * time.Millisecond))
		}
	}
}

// attempt makes one attempt of a task. A task of the benchmark ends only by
// itself: its context is left alone, as in much of the code there is.
func attempt(in wire.TaskInput, n int, requestID string) error {
	start := time.Now()
	work(in.Work)
	failed := fails(in, n)
	wire.Mark{
		Kind: wire.TaskMark, Round: in.Round, Seq: in.Seq, ID: in.ID, Attempt: n, RequestID: requestID,
		StartNS: start.UnixNano(), EndNS: time.Now().UnixNano(), Failed: failed,
	}.Print(os.Stdout)
	if failed {
		return fmt.Errorf("attempt %d of task %d of request %d fails as ordered", n, in.ID, in.Seq)
	}
	return nil
}

// work burns and waits.
func work(w workload.Work) {
	burn(time.Duration(w.CPUMS) * time.Millisecond)
	if w.WaitMS > 0 {
		time.Sleep(time.Duration(w.WaitMS) * time.Millisecond)
	}
}

// atOnce is how many tasks of one invocation run at the same time; the same
// setting as offload's.
func atOnce() int {
	if n, err := strconv.Atoi(os.Getenv(envAtOnce)); err == nil && n > 0 {
		return n
	}
	return workload.DefaultAtOnce
}
