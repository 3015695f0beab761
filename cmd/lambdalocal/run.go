package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// patience is how long the end may take before what is left is killed: the longest shutdown phase of Lambda, and
// another second for invocations that are open.
const patience = 3 * time.Second

// run is the program. It returns its exit code after the first signal, or when it cannot start.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, signals <-chan os.Signal) int {
	p, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	if err := serve(ctx, p, stdout, signals); err != nil {
		_, _ = fmt.Fprintln(stderr, "lambdalocal:", err)
		return exitFailed
	}
	return exitOK
}

// serve runs the plan until the first signal.
func serve(ctx context.Context, p plan, stdout io.Writer, signals <-chan os.Signal) error {
	var local *queues
	if p.sqs != "" || len(p.queues) > 0 {
		var err error
		if local, err = startQueues(p.sqs, p.queues); err != nil {
			return err
		}
	}
	// Last: the functions and the mappings use it.
	defer local.close()
	service, err := lambdatest.New(&lambdatest.Options{Addr: p.listen}) // lives until Close
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; is another lambdalocal running? -listen 127.0.0.1:0 takes a free port", err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()

	screen := newConsole(stdout, colours(stdout), len(p.functions) > 1)
	r := &running{screen: screen}
	starting, started := interruptible(ctx, signals)
	err = r.start(starting, service, p, local)
	if interrupted := started(); interrupted {
		return errors.New("interrupted before everything was ready")
	}
	if err != nil {
		return err
	}
	<-signals
	screen.say("ending; interrupt again to kill")
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	r.end(ctx)
	return nil
}

// interruptible returns a context that the first signal ends, and a function that gives the signals back and tells whether
// there was one.
func interruptible(ctx context.Context, signals <-chan os.Signal) (_ context.Context, stop func() bool) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	interrupted := false
	watching.Go(func() {
		select {
		case <-signals:
			interrupted = true
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() bool {
		cancel()
		watching.Wait()
		return interrupted
	}
}

// start deploys the functions, which may mean to build them, and opens the ways to them.
func (r *running) start(ctx context.Context, service *lambdatest.Service, p plan, local *queues) error {
	for _, f := range p.functions {
		if err := r.deploy(ctx, service, f, local); err != nil {
			return err
		}
	}
	r.screen.greet(service, local)
	// Mapped when all are there: a message may have the functions invoke each other.
	for i, f := range p.functions {
		if err := r.open(ctx, r.functions[i], f, local); err != nil {
			return err
		}
	}
	return nil
}

// running is what was started.
type running struct {
	screen    *console
	functions []*lambdatest.Lambda
	mappings  []*lambdatest.EventSourceMapping
}

func (r *running) deploy(ctx context.Context, service *lambdatest.Service, f *function, local *queues) error {
	if err := f.resolve(local); err != nil {
		return err
	}
	l, err := service.Deploy(ctx, f.spec)
	if err != nil {
		return f.at.errorf("%w", err)
	}
	r.functions = append(r.functions, l)
	r.screen.watch(l)
	return nil
}

// open prints the function's addresses, and opens the ways to it.
func (r *running) open(ctx context.Context, l *lambdatest.Lambda, f *function, local *queues) error {
	r.screen.introduce(l, f.spec.URLMode)
	for _, g := range f.gateways {
		s, err := l.ServeGateway(ctx, g)
		if err != nil {
			return f.at.errorf("%w", err)
		}
		r.screen.tell("Gateway", fmt.Sprintf("%s  (%v)", s.URL(), g.Type))
	}
	for _, m := range f.mappings {
		resolved, err := m.resolve(local)
		if err != nil {
			return err
		}
		esm, err := l.MapQueue(ctx, resolved)
		if err != nil {
			return m.at.errorf("%w", err)
		}
		r.mappings = append(r.mappings, esm)
		r.screen.tell("Mapped", fmt.Sprintf("%s to %s", resolved.QueueURL, l.Name()))
	}
	return nil
}

// end stops polling, then takes the environments through their shutdown phase.
func (r *running) end(ctx context.Context) {
	var work sync.WaitGroup
	for _, esm := range r.mappings {
		work.Go(func() {
			if err := esm.Disable(ctx); err != nil {
				r.screen.say("a batch was cut off; its messages stay in the queue")
			}
		})
	}
	work.Wait()
	for _, l := range r.functions {
		work.Go(func() {
			if err := l.Shutdown(ctx); err != nil {
				r.screen.say("killed what was left of " + l.Name())
			}
			if n := l.AsyncQueue().Total(); n > 0 {
				r.screen.say(fmt.Sprintf("asynchronous events of %s that are thrown away: %d", l.Name(), n))
			}
			l.Close()
		})
	}
	work.Wait()
	r.screen.wait()
}
