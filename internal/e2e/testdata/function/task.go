package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"runtime"
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

	Portable      bool `json:"portable,omitempty"` // can leave the process; its name is its ID
	OnlyOnSuccess bool `json:"onlyOnSuccess,omitempty"`

	Group string `json:"group,omitempty"`
}

var defined, portable *offload.Definition[task]

// A task may defer further ones, so these cannot be initialised by their declaration.
func init() {
	run := func(ctx context.Context, t task) error { return t.run(ctx) }
	defined = offload.Define("defined", run)
	portable = offload.Define("portable", run, offload.Backoff(time.Millisecond, 10*time.Millisecond))
}

// nameOf is the name of a task in the journal.
func nameOf(info offload.TaskInfo) string {
	if info.Name == portable.Name() {
		return info.ID
	}
	return info.Name
}

// deferAll defers the tasks in order, alternating between the two ways to make one.
func deferAll(ctx context.Context, tasks []task) error {
	for _, t := range tasks {
		var opts []offload.AfterOption
		if t.Eager {
			opts = append(opts, offload.Eager())
		}
		if t.Group != "" {
			opts = append(opts, offload.Group(t.Group))
		}
		if t.OnlyOnSuccess {
			opts = append(opts, offload.OnlyOnSuccess())
		}
		for i := range max(t.Count, 1) {
			made := offload.Func(t.Name, t.run)
			if i%2 == 1 {
				made = defined.With(t)
			}
			if t.Portable {
				made = portable.With(t)
				opts = append(opts, offload.ID(t.Name))
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
	info, _ := offload.TaskFromContext(ctx)
	write(record{Request: request, What: "began", Task: t.Name, Hops: info.Hops}, nil)
	waitFor(t.Gate)
	switch t.Do {
	case "":
	case "panic":
		panic("task " + t.Name)
	case "nest":
		if err := deferAll(ctx, []task{{Name: t.Name + "-child", Portable: t.Portable}}); err != nil {
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
	case "exit":
		runtime.Goexit()
	case "ignore":
		time.Sleep(time.Hour)
	case "goexit":
		runtime.Goexit()
	case "fail":
		return errors.New("task " + t.Name + " fails")
	case "fail-once":
		if begun(t.Name) == 1 {
			return errors.New("task " + t.Name + " fails once")
		}
	case "fail-here":
		if info.Hops == 0 {
			return errors.New("task " + t.Name + " fails here")
		}
	case "panic-here":
		if info.Hops == 0 {
			panic("task " + t.Name + " panics here")
		}
	case "until-cancelled-here":
		if info.Hops == 0 {
			<-ctx.Done()
			note(request, "cancelled", t.Name, context.Cause(ctx))
			return ctx.Err()
		}
	case "until-cancelled-once":
		if begun(t.Name) == 1 {
			<-ctx.Done()
			note(request, "cancelled", t.Name, context.Cause(ctx))
			return ctx.Err()
		}
	case "ignore-here":
		if info.Hops == 0 {
			time.Sleep(time.Hour)
		}
	default:
		return errors.New("no such thing to do: " + t.Do)
	}
	write(record{Request: request, What: "ran", Task: t.Name, Hops: info.Hops}, nil)
	return nil
}

// begun counts how often the task has begun, in whatever process.
func begun(name string) int {
	b, err := os.ReadFile(os.Getenv("E2E_JOURNAL"))
	if err != nil {
		log.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(b) {
		var r record
		if json.Unmarshal(line, &r) == nil && r.What == "began" && r.Task == name {
			n++
		}
	}
	return n
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
