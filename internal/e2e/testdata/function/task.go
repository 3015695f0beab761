package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
)

// task says what a deferred task does.
type task struct {
	Name  string `json:"name"`
	Do    string `json:"do,omitempty"`
	Gate  string `json:"gate,omitempty"`  // a file to wait for
	Count int    `json:"count,omitempty"` // this many of it
	Eager bool   `json:"eager,omitempty"`
}

var defined *offload.Definition[task]

// A task may defer further ones, so defined cannot be initialised by its declaration.
func init() { defined = offload.Define("defined", func(ctx context.Context, t task) error { return t.run(ctx) }) }

// deferAll defers the tasks in order, alternating between the two ways to make one.
func deferAll(ctx context.Context, tasks []task) error {
	for _, t := range tasks {
		var opts []offload.AfterOption
		if t.Eager {
			opts = append(opts, offload.Eager())
		}
		for i := range max(t.Count, 1) {
			made := offload.Func(t.Name, t.run)
			if i%2 == 1 {
				made = defined.With(t)
			}
			if err := offload.After(ctx, made, opts...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t task) run(ctx context.Context) error {
	request := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		request = lc.AwsRequestID
	}
	note(request, "began", t.Name, nil)
	waitFor(t.Gate)
	switch t.Do {
	case "":
	case "panic":
		panic("task " + t.Name)
	case "nest":
		if err := deferAll(ctx, []task{{Name: t.Name + "-child"}}); err != nil {
			return err
		}
	case "nest-deep":
		n, _ := strconv.Atoi(t.Name)
		if n > 0 {
			if err := deferAll(ctx, []task{{Name: strconv.Itoa(n - 1), Do: t.Do}}); err != nil {
				return err
			}
		}
	case "until-cancelled":
		<-ctx.Done()
		note(request, "cancelled", t.Name, context.Cause(ctx))
		return ctx.Err()
	case "ignore":
		time.Sleep(time.Hour)
	default:
		return errors.New("no such thing to do: " + t.Do)
	}
	note(request, "ran", t.Name, nil)
	return nil
}

// waitFor returns when the test has made the file.
func waitFor(gate string) {
	for gate != "" {
		if _, err := os.Stat(gate); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
