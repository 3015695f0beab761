// Program function defers tasks and runs them, here or as the worker of a queue, and writes down what became of each.
// Some tasks misbehave as their input says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/sqs"
)

// request asks for tasks.
type request struct {
	Tasks []work `json:"tasks"`
}

// response lists the IDs of those that were accepted.
type response struct {
	Accepted []string `json:"accepted"`
}

// work is the input of a task.
type work struct {
	ID string `json:"id"`
	Do string `json:"do,omitempty"`
	// Until is the last attempt that goes wrong.
	Until int `json:"until,omitempty"`
}

var perform = offload.Define("perform", func(ctx context.Context, w work) error { return w.run(ctx) }, offload.MaxAttempts(1))

func handle(ctx context.Context, r request) (response, error) {
	accepted := response{Accepted: []string{}}
	for _, w := range r.Tasks {
		if err := offload.After(ctx, perform.With(w), offload.ID(w.ID)); err != nil {
			return accepted, err
		}
		accepted.Accepted = append(accepted.Accepted, w.ID)
	}
	return accepted, nil
}

func (w work) run(ctx context.Context) error {
	info, ok := offload.TaskFromContext(ctx)
	if !ok || info.ID != w.ID {
		return backoff.Permanent(errors.New("this is another task's context"))
	}
	if info.Attempt <= w.Until {
		switch w.Do {
		case "fail":
			return errors.New("out of luck")
		case "crash":
			if info.Hops == 0 {
				return errors.New("better elsewhere")
			}
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // with all that runs beside it
			time.Sleep(time.Hour)
		case "listen":
			<-ctx.Done()
			return ctx.Err()
		case "hang":
			time.Sleep(time.Hour)
		}
	}
	time.Sleep(time.Millisecond) // for a kill to hit something
	write(record{What: "ran", ID: info.ID, Hops: info.Hops})
	return nil
}

// record is a line of the journal.
type record struct {
	What   string `json:"what"` // "ran", or the kind of a terminal event
	ID     string `json:"id"`
	Hops   int    `json:"hops,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// journal outlives the process; each line is one write.
var journal = func() *os.File {
	f, err := os.OpenFile(os.Getenv("JOURNAL"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	return f
}()

func write(r record) {
	line, err := json.Marshal(r)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := journal.Write(append(line, '\n')); err != nil {
		log.Fatal(err)
	}
}

func main() {
	offload.Start(handle, offload.WithObserver(offload.ObserverFunc(func(_ context.Context, e offload.Event) {
		if !e.Kind.Terminal() {
			return
		}
		r := record{What: e.Kind.String(), ID: e.Task.ID, Hops: e.Task.Hops}
		if e.Err != nil {
			r.Reason = e.Err.Error()
		}
		write(r)
	})))
}
